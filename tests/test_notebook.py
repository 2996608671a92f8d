"""The notebook is what its script makes, loses nothing of a reader's, and runs whole."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from commands import notebook
from commands.notebook import load_step, write_step
from conftest import NO_HUB, ROOT
from course import files
from course.files import MODEL, read_source, solution_path
from course.stubs import make_stub
from reader import Reader

FILE = ROOT / "gpt2_by_hand.ipynb"
COLOUR = re.compile(r"\x1b\[[\d;]*m")
STUB = make_stub(5)


def test_the_notebook_is_current():
    pytest.importorskip("latex2mathml", reason="needs the group `book`")
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", str(FILE)], cwd=ROOT)
    text = FILE.read_text(encoding="utf-8")
    if changed.returncode and re.search(r'"execution_count": \d', text):
        pytest.skip("a reader works in it")
    sys.path.insert(0, str(ROOT / "book"))
    import make_notebook

    assert text == make_notebook.notebook()


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """The file of step 5, in a folder of its own; no cell has held anything yet."""
    monkeypatch.setattr(files, "STEPS", tmp_path)
    monkeypatch.setattr(notebook, "_in_cells", {})
    path = files.step_path(5)
    path.write_text(STUB, encoding="utf-8")
    return path


def kept(path: Path) -> list[str]:
    return [other.read_text() for other in path.parent.iterdir() if other != path]


def test_a_cell_becomes_the_file_and_what_was_in_it_is_kept(path):
    path.write_text("written in an editor\n")
    assert "what it held before is now step_05.2" in write_step(5, "from a cell\n")
    assert path.read_text() == "from a cell\n"
    assert kept(path) == ["written in an editor\n"]


def test_no_copy_is_made_of_the_stub_or_of_what_a_cell_held(path):
    for text in ("one\n", "two\n"):
        write_step(5, text)
        assert path.read_text() == text
    path.write_text("two, and more in an editor\n")
    write_step(5, "three\n")
    assert kept(path) == ["two, and more in an editor\n"]
    path.write_text("four\n")
    write_step(5, load_step(5) + ", and more\n")
    path.write_text("five\n")
    write_step(5, "five\n")
    write_step(5, "six\n")
    assert kept(path) == ["two, and more in an editor\n"]


def test_the_stub_does_not_take_the_place_of_work(path):
    write_step(5, "from a cell\n")
    for text in ("from a cell\n", "written in an editor\n"):
        path.write_text(text)
        assert "`%step 5`" in write_step(5, STUB)
        assert path.read_text() == text
    path.unlink()
    write_step(5, STUB)
    assert path.read_text() == STUB
    assert not kept(path)


def run_cells(folder: Path, cells: list) -> dict[str, str]:
    """Runs a notebook's cells in a folder; what each printed, by its id.

    Raises:
        CellExecutionError: one raised.
    """
    nbclient = pytest.importorskip("nbclient", reason="needs the group `notebook`")
    nbformat = pytest.importorskip("nbformat", reason="needs the group `notebook`")
    made = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(made, timeout=1200, resources={"metadata": {"path": folder}})
    handler = signal.getsignal(signal.SIGINT)
    try:
        client.execute()
    finally:  # nbclient leaves Python's own, with which MAX is slow: see gpt2/runtime.py
        signal.signal(signal.SIGINT, handler)
    return {
        cell.id: COLOUR.sub("", "".join(output.text for output in cell.outputs))
        for cell in made.cells
        if cell.cell_type == "code"
    }


@pytest.fixture
def cells() -> list:
    nbformat = pytest.importorskip("nbformat", reason="needs the group `notebook`")
    made = nbformat.read(FILE, as_version=4)
    nbformat.validate(made)
    return made.cells


@pytest.fixture
def reader(tmp_path, monkeypatch) -> Reader:
    for name, value in NO_HUB.items():
        monkeypatch.setenv(name, value)
    return Reader(tmp_path)


@pytest.mark.slow
def test_with_the_solutions_in_its_cells_each_step_is_right_and_the_model_writes(reader, cells):
    for cell in cells:
        if match := re.match(r"%%step (\d+)\n", cell.source):
            own = read_source(solution_path(int(match[1])))
            cell.source = match[0] + own.replace("solutions.solution_", "steps.step_").rstrip()
    printed = run_cells(reader.folder, cells)
    for number in MODEL:
        assert f"step_{number:02}.py is what this cell holds" in printed[f"step-{number:02}"]
        assert "\nright  " in printed[f"check-{number:02}"], printed[f"check-{number:02}"]
    assert "%gpt2 check 2" in printed["check-01"]
    assert "reference stands in: steps 13 to 20." in printed["your-model-writes"]
    for name in ("your-model-writes", "engine-writes"):
        assert re.search(r"^ROMEO:\r?\n(.*\r?\n)+200 tokens in ", printed[name], re.MULTILINE)
        assert "\x1b" not in printed[name], "lines that move pile up in a notebook"
    names = sorted(path.name for path in (reader.folder / "steps").glob("step*"))
    assert len(names) == len(files.NUMBERS), names


@pytest.mark.slow
def test_as_it_ships_each_check_says_where_to_begin(reader, cells):
    reader.write(12, "x = (\n")
    shown = [cell for cell in cells if cell.id.startswith(("beginning", "step", "check"))]
    printed = run_cells(reader.folder, shown)
    for number in MODEL[:-1]:
        assert "holds this already" in printed[f"step-{number:02}"]
        assert f"Step {number:02}, TODO 1 of" in printed[f"check-{number:02}"]
        assert f"%gpt2 hint {number} helps" in printed[f"check-{number:02}"]
    assert "nothing was replaced" in printed["step-12"]
    assert "SyntaxError" in printed["check-12"]


@pytest.mark.slow
def test_where_there_is_no_clone_the_first_cell_says_what_to_do(tmp_path, cells):
    (beginning,) = (cell for cell in cells if cell.id == "beginning")
    assert run_cells(tmp_path, [beginning])["beginning"] == (
        "There is no clone of the project here: open the notebook in one, or set REPOSITORY.\n"
    )
