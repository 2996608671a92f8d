"""The README's pictures: light, whole in themselves, described, and what the program writes now."""

import re
from xml.etree import ElementTree

import pytest

from conftest import ROOT
from scripts.draw_pictures import PICTURES, draw

FILES = {path.stem: path.read_text(encoding="utf-8") for path in PICTURES.glob("*.svg")}
TIMING = re.compile(r'\d+\.\d\ss|textLength="[^"]*"')


@pytest.mark.slow
def test_the_pictures_are_current():
    fresh = draw()
    assert set(fresh) == set(FILES)
    for name, content in fresh.items():
        assert TIMING.sub("", FILES[name]) == TIMING.sub("", content), name


@pytest.mark.parametrize("name", FILES)
def test_a_picture_is_light_and_whole_and_described(name):
    content = FILES[name]
    ElementTree.fromstring(content)
    assert len(content) < 40_000
    assert not re.search(r"href|url\(|https?:", content.replace("http://www.w3.org/2000/svg", ""))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (alt,) = re.findall(rf'<img src="pictures/{name}\.svg" [^>]*alt="([^"]*)"', readme)
    assert len(alt) > 60
