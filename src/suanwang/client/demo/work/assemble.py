"""Join the frames that came back from all centres into one film, an animated GIF.

    python assemble.py FOLDER... --film film.gif

Looks for frame_*.png in the folders and below them, refuses a film with holes, and plays the
swing forth and back, so that it loops without a jump.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

FRAMES = 12
FRAME_MILLISECONDS = 90
COLOURS = 256


def found(folders: list[Path]) -> list[Path]:
    """List the film's frames in order, or stop and say which are missing."""
    by_name = {path.name: path for folder in folders for path in folder.rglob("frame_*.png")}
    wanted = [f"frame_{i:03d}.png" for i in range(FRAMES)]
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise SystemExit(f"expected {FRAMES} frames, missing {', '.join(missing)}")
    return [by_name[name] for name in wanted]


def shared_palette(pictures: list[Image.Image]) -> Image.Image:
    """Choose one set of colours for the whole film; one for each frame would flicker."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (width, height * len(pictures)))
    for row, picture in enumerate(pictures):
        sheet.paste(picture, (0, row * height))
    return sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=2)


def main() -> int:
    """Write the film."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--film", type=Path, default=Path("film.gif"))
    chosen = parser.parse_args()
    pictures = [Image.open(path).convert("RGB") for path in found(chosen.folders)]
    palette = shared_palette(pictures)
    swing = [picture.quantize(palette=palette) for picture in pictures]
    film = swing + swing[-2:0:-1]
    chosen.film.parent.mkdir(parents=True, exist_ok=True)
    film[0].save(
        chosen.film, save_all=True, append_images=film[1:], duration=FRAME_MILLISECONDS, loop=0
    )
    print(f"{chosen.film}: {len(film)} frames, {chosen.film.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
