"""Make a data set worth archiving: six hours of ground motion from a small seismic array.

Four stations, three directions, 50 samples a second, as 24-bit counts like a field digitiser
writes: microseism hum, a louder day than night, instrument drift, and earthquakes whose P and
S waves reach each station at its own time. About 52 MB; zstandard makes it markedly smaller,
but far from nothing, as with real records. The same seed gives the same bytes.

    python dataset.py                  writes out/record/*.npy and out/record/manifest.json
    python dataset.py --check FOLDER   says whether what came back is what was sent
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

RATE_HZ = 50
CHANNELS = ("east", "north", "up")
# Kilometres east and north of the array's middle.
STATIONS = {"SW01": (0.0, 0.0), "SW02": (18.0, 4.0), "SW03": (-7.0, 15.0), "SW04": (-5.0, -16.0)}
P_KM_PER_S, S_KM_PER_S = 6.0, 3.46  # usual speeds in the upper crust
HUM_COUNTS = 60.0
QUAKES_PER_HOUR = 1.5

Counts = npt.NDArray[np.int32]
Quake = tuple[float, float, float, float]  # start in s, km east, km north, counts


def quakes(seconds: int, dice: np.random.Generator) -> list[Quake]:
    """Draw the earthquakes that all stations share; small ones are common, large ones rare."""
    number = max(1, round(QUAKES_PER_HOUR * seconds / 3600))
    return [
        (
            float(dice.uniform(0, 0.95 * seconds)),
            float(dice.uniform(-80, 80)),
            float(dice.uniform(-80, 80)),
            float(2_000 * (1 + dice.pareto(1.2))),
        )
        for _ in range(number)
    ]


def hum(samples: int, dice: np.random.Generator) -> npt.NDArray[np.float32]:
    """Make background motion: a six-second swell, smooth noise and slow drift."""
    seconds = np.arange(samples, dtype=np.float32) / RATE_HZ
    white = dice.standard_normal(samples, dtype=np.float32)
    # Four neighbours averaged: the ground, unlike a die, is never independent between samples.
    smooth = white.copy()
    for lag in (1, 2, 3):
        smooth[lag:] += white[:-lag]
    phase = float(dice.uniform(0, 2 * math.pi))
    swell = np.sin(2 * math.pi * seconds / 6.0 + phase + 2 * np.sin(seconds / 41.0))
    daytime = 1.0 + 0.5 * np.sin(2 * math.pi * seconds / 86_400.0)
    motion: npt.NDArray[np.float32] = HUM_COUNTS * (0.3 * smooth * daytime + swell)
    motion += 0.002 * seconds
    return motion


def add_quake(
    motion: npt.NDArray[np.float32], place: tuple[float, float], quake: Quake, *, up: bool
) -> None:
    """Add one earthquake's two wave trains to a channel, in place."""
    start, east, north, size = quake
    distance = math.hypot(east - place[0], north - place[1]) + 5.0  # 5 km deep, roughly
    # P waves shake mostly up and down, S waves mostly sideways.
    waves = ((P_KM_PER_S, 4.0, 1.0 if up else 0.5), (S_KM_PER_S, 1.5, 0.9 if up else 2.0))
    for speed, hertz, share in waves:
        first = int((start + distance / speed) * RATE_HZ)
        room = len(motion) - first
        if room <= 0:
            continue
        after = np.arange(min(room, 120 * RATE_HZ), dtype=np.float32) / RATE_HZ
        envelope = np.minimum(after / 0.5, 1.0) * np.exp(-after / 12.0)
        wave = envelope * np.sin(2 * math.pi * hertz * after)
        motion[first : first + len(after)] += size * share * 10.0 / distance * wave


def record(station: str, shared: list[Quake], *, seconds: int, seed: int) -> Counts:
    """Record one station: a row of counts for each direction."""
    dice = np.random.default_rng([seed, list(STATIONS).index(station)])
    rows = np.empty((len(CHANNELS), seconds * RATE_HZ), dtype=np.int32)
    for row, channel in enumerate(CHANNELS):
        motion = hum(rows.shape[1], dice)
        for quake in shared:
            add_quake(motion, STATIONS[station], quake, up=channel == "up")
        rows[row] = np.clip(motion, -(2**23), 2**23 - 1)
    return rows


def digest(path: Path) -> str:
    """Fingerprint a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make(folder: Path, *, seconds: int, seed: int) -> None:
    """Write the records, and the manifest by which they can be checked later."""
    folder.mkdir(parents=True, exist_ok=True)
    shared = quakes(seconds, np.random.default_rng(seed))
    files = {}
    for station in STATIONS:
        path = folder / f"{station}.npy"
        np.save(path, record(station, shared, seconds=seconds, seed=seed))
        files[path.name] = {"bytes": path.stat().st_size, "sha256": digest(path)}
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB", flush=True)
    manifest = {
        "what": "synthetic ground motion, 24-bit counts in int32, one row for each channel",
        "rate_hz": RATE_HZ,
        "seconds": seconds,
        "channels": CHANNELS,
        "stations_km": STATIONS,
        "quakes": len(shared),
        "seed": seed,
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def check(folder: Path) -> int:
    """Compare every file with the manifest; 0 if all are as they were sent."""
    manifest = json.loads((folder / "manifest.json").read_text())
    wrong = [
        name
        for name, sent in manifest["files"].items()
        if not (folder / name).is_file() or digest(folder / name) != sent["sha256"]
    ]
    print(f"{folder}: expected {len(manifest['files'])} whole files, {len(wrong)} wrong {wrong}")
    return 1 if wrong else 0


def main() -> int:
    """Make the data set, or check one that came back."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--check", type=Path, metavar="FOLDER")
    chosen = parser.parse_args()
    if chosen.check:
        return check(chosen.check)
    make(Path("out/record"), seconds=round(chosen.hours * 3600), seed=chosen.seed)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
