"""Train a classifier of handwritten digits, and score it on digits that it has never seen.

The data are the 1,797 real scans (8 x 8 pixels, UCI "Optical Recognition of Handwritten
Digits") that come inside scikit-learn. A quarter is held out before anything is fitted and
used once, at the end. Writes out/metrics.json and out/model.npz: plain arrays, no pickle, so
opening a model that a stranger's machine sent back cannot run code.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

# Read when the numeric libraries load: one core was asked for, so one core is used.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HELD_OUT_SHARE = 0.25
VALIDATION_SHARE = 0.15  # of what is left: watched while training, never fitted
SHARE_LEFT_IN_PLACE = 0.5
LAYERS = (384, 192)
EDGE = 8
EPOCHS_PER_LINE = 15
CLASSES = np.arange(10)

Images = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def wobble(images: Images, dice: np.random.Generator) -> Images:
    """Shift each picture by up to one pixel and add faint noise, so none is learnt by heart."""
    squares = np.pad(images.reshape(-1, EDGE, EDGE), ((0, 0), (1, 1), (1, 1)))
    down, right = dice.integers(0, 3, size=(2, len(images)))
    # Most digits fill the frame, so half of them stay where they are.
    stay = dice.random(len(images)) < SHARE_LEFT_IN_PLACE
    down[stay], right[stay] = 1, 1
    rows = down[:, None, None] + np.arange(EDGE)[None, :, None]
    columns = right[:, None, None] + np.arange(EDGE)[None, None, :]
    shifted = squares[np.arange(len(images))[:, None, None], rows, columns]
    noisy: Images = shifted.reshape(len(images), -1) + dice.normal(0, 0.04, images.shape)
    return noisy


def predict(images: Images, layers: list[Images]) -> Labels:
    """Classify with the saved arrays alone, as whoever downloads the model would."""
    values = images
    for weights, bias in zip(layers[0::2], layers[1::2], strict=True):
        values = values @ weights + bias
        if bias is not layers[-1]:
            values = np.maximum(values, 0)
    labels: Labels = values.argmax(axis=1)
    return labels


def fit(images: Images, labels: Labels, *, epochs: int, seed: int) -> list[Images]:
    """Train for a fixed number of epochs, printing how it goes; returns weights and biases."""
    fitted, watched, fitted_labels, watched_labels = train_test_split(
        images, labels, test_size=VALIDATION_SHARE, stratify=labels, random_state=seed
    )
    dice = np.random.default_rng(seed)
    model = MLPClassifier(LAYERS, alpha=1e-4, batch_size=64, random_state=seed)
    for epoch in range(1, epochs + 1):
        model.partial_fit(wobble(fitted, dice), fitted_labels, classes=CLASSES)
        if epoch % EPOCHS_PER_LINE == 0 or epoch == epochs:
            score = model.score(watched, watched_labels)
            print(f"epoch {epoch}/{epochs}: loss {model.loss_:.4f} val {score:.4f}", flush=True)
    return [part for pair in zip(model.coefs_, model.intercepts_, strict=True) for part in pair]


def main() -> int:
    """Train, save, load again, and score the loaded model on the held-out digits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--epochs", type=int, default=180)
    parser.add_argument("--seed", type=int, default=2026)
    chosen = parser.parse_args()
    pixels, digits = load_digits(return_X_y=True)
    images, held_out, labels, held_out_labels = train_test_split(
        pixels / 16.0, digits, test_size=HELD_OUT_SHARE, stratify=digits, random_state=chosen.seed
    )
    layers = fit(images, labels, epochs=chosen.epochs, seed=chosen.seed)

    out = Path("out")
    out.mkdir(exist_ok=True)
    np.savez(out / "model.npz", *layers)
    with np.load(out / "model.npz", allow_pickle=False) as saved:
        loaded = [saved[name] for name in saved.files]
    right = predict(held_out, loaded) == held_out_labels
    metrics = {
        "accuracy": round(float(right.mean()), 4),
        "held_out_right": int(right.sum()),
        "held_out": len(held_out),
        "trained_on": len(images),
        "recall_by_digit": [round(float(right[held_out_labels == d].mean()), 4) for d in CLASSES],
        "parameters": int(sum(part.size for part in loaded)),
        "epochs": chosen.epochs,
        "seed": chosen.seed,
        "library": f"scikit-learn {sklearn.__version__}",
    }
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(f"held-out accuracy {metrics['accuracy']} on {metrics['held_out']} digits", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
