"""Render one part of a short film: glass, gold and steel spheres while the camera swings past.

The renderer is Radiance (through pyradiance): ray tracing with indirect light, and photons
traced from the lamp through the glass for the bright caustics below it. The camera swings
over 12 frames; assemble.py plays them forth and back. This script renders the frames of one
part, so the film can be made at several centres at once:

    frame           0 1 2 3 | 4 5 6 7 | 8 9 10 11        part  = SUANWANG_ARRAY_INDEX
    part of three      0    |    1    |     2            parts = SUANWANG_ARRAY_COUNT

and writes out/frame_000.png, ... With its fixed seed the same part gives the same bytes in
the agent's sandbox. (Radiance's photon tracer also mixes its process id into its dice; with
process ids of its own, as in the sandbox, that is fixed. Elsewhere two runs of a frame differ
faintly, by about 1 of 255 levels once grain is averaged out.)
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyradiance
from PIL import Image

FRAMES = 12
WIDTH, HEIGHT = 320, 180
TRACED_WIDTH, TRACED_HEIGHT = 480, 270  # more rays than pixels, so edges come out smooth
CAUSTIC_PHOTONS = 40_000
PHOTONS_PER_ESTIMATE = 16
EXPOSURE = 0.42
SWING = math.radians(24)  # to either side
SRGB_LINEAR_UP_TO = 0.0031308
SEED = 2026

INDIRECT = ("-ab", "2", "-ad", "200", "-as", "0", "-aa", ".25", "-ar", "16")  # two bounces, cached
SHADOWS = ("-ds", ".25", "-dj", ".7", "-dt", ".05", "-dc", ".5")  # the lamp in jittered patches
GLASS = ("-st", ".02", "-lr", "7", "-lw", ".004")  # how far a ray is followed
PIXELS = ("-ps", "1", "-pj", ".5", "-pa", "0", "-u-")  # every pixel, the same dice every time
QUALITY = (*INDIRECT, *SHADOWS, *GLASS, *PIXELS)

# Radiance's own scene language. Metres, z up, light in W/sr/m2.
SCENE = """
void light lamp        0 0 3  30 27.5 24
void plastic plaster   0 0 5  .72 .66 .58  0 0
void plastic teal      0 0 5  .10 .30 .34  0 0
void plastic terracotta 0 0 5 .62 .25 .15  0 0
void colorfunc tiles   4 tile tile tile checker.cal  0 0
tiles plastic floor    0 0 5  .62 .58 .52  .035 0
void dielectric glass  0 0 5  .97 .99 .985  1.52 0
void metal gold        0 0 5  .98 .70 .26  .92 0
void metal steel       0 0 5  .82 .84 .87  .95 0
void plastic coral     0 0 5  .80 .22 .16  .04 0
void plastic jade      0 0 5  .12 .48 .32  .04 0
void plastic ivory     0 0 5  .85 .80 .70  .03 0

lamp polygon panel   0 0 12   -.8 -.9 2.99   -.8 .7 2.99   .8 .7 2.99   .8 -.9 2.99
floor polygon ground 0 0 12   -3 -6 0    3 -6 0    3 2.4 0    -3 2.4 0
plaster polygon roof 0 0 12   -3 -6 3    -3 2.4 3    3 2.4 3    3 -6 3
plaster polygon back 0 0 12   -3 2.4 0    3 2.4 0    3 2.4 3    -3 2.4 3
teal polygon left    0 0 12   -3 -6 0    -3 2.4 0    -3 2.4 3    -3 -6 3
terracotta polygon right 0 0 12  3 -6 0    3 -6 3    3 2.4 3    3 2.4 0
plaster polygon behind 0 0 12 -3 -6 0    -3 -6 3    3 -6 3    3 -6 0

glass sphere large   0 0 4    .05 -.55 .55  .55
gold  sphere left    0 0 4    -1.15 .25 .62  .62
steel sphere right   0 0 4    1.2 .3 .7  .7
coral sphere near    0 0 4    -.75 -.95 .22  .22
jade  sphere middle  0 0 4    .85 -.95 .26  .26
ivory sphere far     0 0 4    .1 .95 .38  .38
"""
# Two tones of stone, half a metre square.
CHECKER = "tile = if(mod(floor(Px/.5) + floor(Py/.5) + 100, 2) - .5, 1, .42);\n"

Light = npt.NDArray[np.float64]


def prepare(folder: Path) -> list[str]:
    """Build the scene, its caustics and its indirect light; returns what rpict is told."""
    scene, octree, photons = folder / "room.rad", folder / "room.oct", folder / "caustics.pm"
    scene.write_text(SCENE)
    (folder / "checker.cal").write_text(CHECKER)
    # The function file is found through this path, wherever the script was started.
    os.environ["RAYPATH"] = f"{folder}{os.pathsep}{os.environ['RAYPATH']}"
    octree.write_bytes(pyradiance.oconv(str(scene), warning=False))
    pyradiance.mkpmap(octree, caustic_map=(photons, CAUSTIC_PHOTONS), seed=SEED, overwrite=True)
    settings = [*QUALITY, "-af", str(folder / "indirect.amb")]
    # Small pictures along the whole swing fill the cache of indirect light: every part starts
    # from the same one, so the brightness does not jump where two centres' frames meet.
    for frame in range(0, FRAMES, 4):
        pyradiance.rpict(view(frame), octree, xres=96, yres=54, params=settings)
    return ["-ap", str(photons), str(PHOTONS_PER_ESTIMATE), *settings]


def view(frame: int) -> list[str]:
    """Place the camera on an arc in front of the spheres, slowing down at its two ends."""
    along = -math.cos(math.pi * frame / (FRAMES - 1))
    angle = SWING * along
    eye = (4.7 * math.sin(angle), -0.2 - 4.7 * math.cos(angle), 1.45 + 0.25 * along)
    target = (0.02, -0.2, 0.62)
    direction = [to - at for to, at in zip(target, eye, strict=True)]
    words = ["-vtv", "-vp", *eye, "-vd", *direction, "-vu", 0, 0, 1, "-vh", 49, "-vv", 28.7]
    return [str(word) for word in words]


def developed(light: Light) -> Image.Image:
    """Turn measured light into a picture: film-like shoulder, sRGB, then the final size."""
    x = EXPOSURE * light
    # Narkowicz's fit of the ACES film curve: highlights roll off instead of clipping.
    film = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)
    srgb = np.where(film <= SRGB_LINEAR_UP_TO, 12.92 * film, 1.055 * film ** (1 / 2.4) - 0.055)
    traced = Image.fromarray((srgb * 255 + 0.5).astype(np.uint8))
    return traced.resize((WIDTH, HEIGHT), Image.Resampling.HAMMING)


def render(frame: int, octree: Path, settings: list[str]) -> Image.Image:
    """Trace one frame."""
    traced = pyradiance.rpict(
        view(frame), octree, xres=TRACED_WIDTH, yres=TRACED_HEIGHT, params=settings
    )
    raw = pyradiance.pvalue(traced, header=False, resstr=False, outform="f")
    light = np.frombuffer(raw, dtype="<f4").reshape(TRACED_HEIGHT, TRACED_WIDTH, 3)
    return developed(light.astype(np.float64))


def main() -> int:
    """Render every frame of this part into out/."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    part = int(os.environ.get("SUANWANG_ARRAY_INDEX", "0"))
    parts = int(os.environ.get("SUANWANG_ARRAY_COUNT", "1"))
    parser.add_argument("--part", type=int, default=part)
    parser.add_argument("--parts", type=int, default=parts)
    chosen = parser.parse_args()
    mine = [i for i in range(FRAMES) if i * chosen.parts // FRAMES == chosen.part]
    out = Path("out")
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        settings = prepare(folder)
        print(f"part {chosen.part + 1}/{chosen.parts}: room and photons ready", flush=True)
        for frame in mine:
            started = time.monotonic()
            picture = render(frame, folder / "room.oct", settings)
            picture.save(out / f"frame_{frame:03d}.png")
            print(f"frame {frame:03d}: {time.monotonic() - started:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
