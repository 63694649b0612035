"""Pages in a real browser, without a network."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dump-dom",
]
# Errors and blocked requests are kept from the start, and the answer of the test is put into the page.
_WATCH = """<script>
window.seen = [];
addEventListener("error", (event) => seen.push(String(event.message)), true);
addEventListener("securitypolicyviolation", (event) => seen.push(`blocked ${event.blockedURI}`));
</script>"""
_ASK = """<script>
const answer = (() => { %s })();
const place = document.createElement("output");
place.id = "answer";
place.textContent = JSON.stringify({ errors: seen, answer });
document.body.append(place);
</script>"""


def ask(page: Path, script: str, folder: Path, width: int = 1200) -> object:
    """Open a copy of a page, run a script in it, and return what that returns."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    text = page.read_text(encoding="utf-8")
    text = text.replace("<head>", f"<head>{_WATCH}", 1).replace("</body>", _ASK % script + "</body>", 1)
    copy = folder / "watched.html"
    copy.write_text(text, encoding="utf-8")
    command = [CHROMIUM, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900"]
    run = subprocess.run([*command, copy.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<output id="answer">(.*?)</output>', run.stdout, re.DOTALL)
    assert found, run.stdout[-2000:] + run.stderr[-2000:]
    result = json.loads(unescape(found[1]))
    assert result["errors"] == []
    return result["answer"]
