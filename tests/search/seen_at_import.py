"""What a module of the objective, such as PyTorch, sees when it is imported."""

import os

DEVICES = os.environ.get("CUDA_VISIBLE_DEVICES")


def devices() -> str | None:
    return DEVICES
