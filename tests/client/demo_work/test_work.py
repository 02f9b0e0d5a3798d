"""The demo's four pieces of work, run as an agent runs them: a program in an empty folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[3] / "src" / "suanwang" / "client" / "demo" / "work"
FRAMES = 12
WIDTH, HEIGHT = 320, 180

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]


def start(
    script: str, *words: str, folder: Path, exit_code: int = 0, **env: str
) -> subprocess.CompletedProcess[str]:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / script), *words],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), **env},
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done


def needs(module: str) -> None:
    pytest.importorskip(module, reason=f"the demo's work needs {module}, which is not installed")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}


# train


def test_training_classifies_digits_it_never_saw(tmp_path):
    needs("sklearn")
    done = start("train.py", folder=tmp_path)
    metrics = json.loads((tmp_path / "out/metrics.json").read_text())
    assert metrics["accuracy"] >= 0.97
    assert metrics["held_out"] == 450
    assert metrics["trained_on"] + metrics["held_out"] == 1797
    assert "epoch 180/180" in done.stdout


def test_the_accuracy_is_that_of_the_saved_model(tmp_path):
    """An untrained model must score like one: the figure cannot come from elsewhere."""
    needs("sklearn")
    start("train.py", "--epochs", "1", folder=tmp_path)
    once = json.loads((tmp_path / "out/metrics.json").read_text())["accuracy"]
    assert once < 0.93

    numpy = pytest.importorskip("numpy")
    with numpy.load(tmp_path / "out/model.npz", allow_pickle=False) as model:
        assert [model[name].shape for name in model.files] == [
            (64, 384), (384,), (384, 192), (192,), (192, 10), (10,),
        ]  # fmt: skip


def test_training_twice_gives_the_same_bytes(tmp_path):
    needs("sklearn")
    for name in ("first", "second"):
        start("train.py", "--epochs", "3", folder=tmp_path / name)
    assert contents(tmp_path / "first/out") == contents(tmp_path / "second/out")


# compute


def test_the_peptide_folds_as_published_and_keeps_its_temperature(tmp_path):
    needs("openmm")
    start("peptide.py", folder=tmp_path)
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert result["checks"] == {"fold": True, "order": True, "temperature": True}
    assert result["measured"]["kelvin"] == pytest.approx(300, abs=3)
    assert result["measured"]["phi"] == pytest.approx(-85.8, abs=30)


def test_a_wrong_thermostat_is_noticed(tmp_path):
    """The comparison can fail: thirty kelvin too hot is told from the 300 K that were asked."""
    needs("openmm")
    words = ("--kelvin", "330", "--samples", "1000")
    start("peptide.py", *words, folder=tmp_path, exit_code=1)
    result = json.loads((tmp_path / "out/result.json").read_text())
    assert result["agrees"] is False
    assert result["checks"]["temperature"] is False


def test_simulating_twice_gives_the_same_bytes(tmp_path):
    needs("openmm")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        # Too few samples to agree or not; the exit code is not the point here.
        subprocess.run(
            [sys.executable, str(SCRIPTS / "peptide.py"), "--samples", "40"],
            cwd=tmp_path / name,
            capture_output=True,
            timeout=220,
            check=False,
        )
    assert contents(tmp_path / "first/out") == contents(tmp_path / "second/out")
    assert len(contents(tmp_path / "first/out")) == 1


# render


def test_an_array_member_renders_its_own_frames(tmp_path):
    needs("pyradiance")
    image = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    for index in (0, 6, 11):
        env = {"SUANWANG_ARRAY_INDEX": str(index), "SUANWANG_ARRAY_COUNT": str(FRAMES)}
        start("render.py", folder=tmp_path / str(index), **env)
    files = sorted(tmp_path.glob("*/out/*"))
    assert sorted(p.name for p in files) == ["frame_000.png", "frame_006.png", "frame_011.png"]

    pictures = [numpy.asarray(image.open(p), dtype=float) for p in files]
    assert {picture.shape for picture in pictures} == {(HEIGHT, WIDTH, 3)}
    for picture in pictures:
        assert 60 < picture.mean() < 200  # neither black nor burnt out
        assert picture.std() > 30  # and there is something to see
        # Faint neighbours' differences in the empty wall: light, but no snow of stray rays.
        wall = picture[8:40, 110:150]
        assert numpy.abs(numpy.diff(wall, axis=1)).mean() < 4
    for before, after in pairwise(pictures):
        assert numpy.abs(before - after).mean() > 10  # the camera moved


@pytest.mark.timeout(150)
def test_a_part_is_a_third_of_the_film_and_looks_the_same_again(tmp_path):
    needs("pyradiance")
    image = pytest.importorskip("PIL.Image")
    numpy = pytest.importorskip("numpy")
    start("render.py", "--part", "1", "--parts", "3", folder=tmp_path / "first")
    assert list(contents(tmp_path / "first/out")) == [f"frame_{i:03d}.png" for i in (4, 5, 6, 7)]
    assert not list((tmp_path / "first").glob("tmp*"))  # nothing is left beside the results
    # A frame is seconds of a core: the part's first and last are rendered again, each by itself.
    for frame in (4, 7):
        words = ("--part", str(frame), "--parts", str(FRAMES))
        start("render.py", *words, folder=tmp_path / "second")
        first, second = (
            numpy.asarray(
                image.open(tmp_path / name / f"out/frame_{frame:03d}.png").reduce(8), dtype=float
            )
            for name in ("first", "second")
        )
        # Outside a sandbox frames differ faintly (see the script's first lines); a moved camera
        # differs by more than 10 levels.
        assert numpy.abs(first - second).mean() < 3


@pytest.mark.timeout(120)
def test_with_process_ids_of_its_own_a_frame_has_the_same_bytes(tmp_path):
    needs("pyradiance")
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("needs bubblewrap for a private set of process ids")
    sandbox = [bwrap, "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc"]
    if subprocess.run([*sandbox, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let bubblewrap make a process namespace")
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        subprocess.run(
            [*sandbox, sys.executable, SCRIPTS / "render.py", "--part", "2", "--parts", "12"],
            cwd=tmp_path / name,
            capture_output=True,
            timeout=220,
            check=True,
        )
    assert list(contents(tmp_path / "first/out")) == ["frame_002.png"]
    assert contents(tmp_path / "first/out") == contents(tmp_path / "second/out")


# assemble


def coloured_frames(folder: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    folder.mkdir(parents=True)
    for i in range(FRAMES):
        image.new("RGB", (WIDTH, HEIGHT), (20 * i, 200 - 10 * i, 90)).save(
            folder / f"frame_{i:03d}.png"
        )


def test_the_film_swings_forth_and_back(tmp_path):
    image = pytest.importorskip("PIL.Image")
    coloured_frames(tmp_path / "one/out")
    (tmp_path / "two").mkdir()
    for i in (9, 10, 11):
        (tmp_path / f"one/out/frame_{i:03d}.png").rename(tmp_path / f"two/frame_{i:03d}.png")
    start("assemble.py", "one", "two", "--film", "film.gif", folder=tmp_path)
    with image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == 2 * FRAMES - 2
        assert film.size == (WIDTH, HEIGHT)
        assert film.info["loop"] == 0
        reds = []
        for i in range(film.n_frames):
            film.seek(i)
            reds.append(film.convert("RGB").getpixel((5, 5))[0])
    assert reds == pytest.approx([20 * min(i, 22 - i) for i in range(22)], abs=8)


def test_a_film_with_a_hole_is_refused(tmp_path):
    coloured_frames(tmp_path / "out")
    (tmp_path / "out/frame_005.png").unlink()
    done = start("assemble.py", "out", folder=tmp_path, exit_code=1)
    assert "missing frame_005.png" in done.stderr
    assert not (tmp_path / "film.gif").exists()


# store


def test_the_record_is_the_same_each_time_and_packs_like_a_real_one(tmp_path):
    needs("numpy")
    zstandard = pytest.importorskip("zstandard", reason="the cold store's format")
    for name in ("first", "second"):
        start("dataset.py", "--hours", "0.25", folder=tmp_path / name)
    first = contents(tmp_path / "first/out/record")
    assert first == contents(tmp_path / "second/out/record")
    assert sorted(first) == ["SW01.npy", "SW02.npy", "SW03.npy", "SW04.npy", "manifest.json"]
    raw = first["SW01.npy"]
    assert len(raw) == pytest.approx(3 * 4 * 50 * 900, rel=0.01)
    assert 1.5 < len(raw) / len(zstandard.compress(raw)) < 6
    assert first["SW01.npy"] != first["SW02.npy"]


@pytest.mark.parametrize("harm", ["a flipped bit", "a file short", "a file cut off"])
def test_a_record_that_came_back_wrong_is_noticed(tmp_path, harm):
    needs("numpy")
    start("dataset.py", "--hours", "0.02", folder=tmp_path)
    assert "0 wrong" in start("dataset.py", "--check", "out/record", folder=tmp_path).stdout
    victim = tmp_path / "out/record/SW03.npy"
    whole = victim.read_bytes()
    match harm:
        case "a flipped bit":
            victim.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
        case "a file short":
            victim.unlink()
        case "a file cut off":
            victim.write_bytes(whole[:-1])
    done = start("dataset.py", "--check", "out/record", folder=tmp_path, exit_code=1)
    assert "1 wrong ['SW03.npy']" in done.stdout
