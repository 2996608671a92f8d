"""Where the engine keeps what it compiles."""

import tempfile
from pathlib import Path

from max._core.engine import max_cache_dir


def cache_folder() -> Path:
    """A folder beside MAX's own cache, so that MODULAR_CACHE_DIR moves both."""
    cache = max_cache_dir()
    return Path(cache).parent / "gpt2" if cache else Path(tempfile.gettempdir()) / "gpt2"
