"""`gpt2 watch` at a terminal: saves and keys, whenever they come, and what is said at the end."""

import shutil

import pytest

from course.files import NUMBERS, read_source, solution_path
from reader import Reader, Terminal


@pytest.fixture
def reader(tmp_path) -> Reader:
    return Reader(tmp_path)


@pytest.mark.slow
def test_watch_checks_each_save_and_moves_on(reader):
    reader.solve(1, 2)
    terminal = Terminal(reader, "watch")
    terminal.wait_for("Step 03, TODO 1 of 2")
    terminal.wait_for("q quit")
    source = read_source(solution_path(3))
    draft = reader.folder / "draft"
    draft.write_text(source.replace("variance + self.eps", "variance"))
    draft.replace(reader.step(3))  # as editors do that save by renaming
    terminal.wait_for("eps is missing")
    reader.step(3).write_text(source)
    terminal.wait_for("right")
    terminal.wait_for("Step 04, TODO 1 of 2")
    terminal.press("h")
    terminal.wait_for("Hint 1 of 3")
    terminal.press("l")
    terminal.wait_for("3 of 20 right")
    terminal.press("q")
    assert terminal.process.wait(timeout=30) == 0


@pytest.mark.slow
def test_watch_begins_where_it_is_told_and_ends_with_what_comes_next(reader):
    reader.solve(*NUMBERS)
    reader.step(3).write_text("nothing yet\n")
    reader.step(7).write_text("nothing yet\n")
    terminal = Terminal(reader, "watch", "7")
    terminal.press("hhhh")  # during the check: each of them counts, and the fourth begins again
    before = terminal.wait_for("q quit")
    assert "Step 07" in before and "Step 01" not in before
    for index in (1, 2, 3, 1):
        terminal.wait_for(f"Hint {index} of 3")
    reader.solve(7)
    before = terminal.wait_for("q quit")
    assert "next: step 08" in before
    assert before.index("Step 12") < before.index("Step 03")
    reader.solve(3)
    before = terminal.wait_for("--steps")
    assert (
        "All twenty steps are right" in before
        and "; model and engine are yours: uv run gpt2" in before
    )
    assert "next:" not in before
    assert terminal.process.wait(timeout=30) == 0


@pytest.mark.slow
def test_watch_without_a_folder_says_so(reader):
    shutil.rmtree(reader.folder / "steps")
    status, output, errors = reader.run("watch")
    assert (status, output) == (2, "")
    assert errors == "gpt2: there is no steps/ to watch: `gpt2 reset --all` writes the stubs\n"
