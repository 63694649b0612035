"""Configuration of the documentation; ``make docs`` builds it."""

import warnings

import torch

import skpbnas

project = "skpbnas"
author = "the skpbnas developers"
copyright = author
version = release = skpbnas.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
suppress_warnings = ["ref.term", "ref.ref"]  # docstrings inherited from scikit-learn refer to its pages

autosummary_generate = True
autodoc_typehints = "none"  # the NumPy docstrings say it with shapes and units
numpydoc_show_class_members = False  # the class template lists them

html_theme = "pydata_sphinx_theme"
html_title = "skpbnas"
html_static_path = ["_static"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"index": [], "getting_started": []}  # the other pages show those of their part

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,
}

# The examples are small; one thread is fastest, and leaves their numbers the same on every machine.
torch.set_num_threads(1)
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive", category=UserWarning)
