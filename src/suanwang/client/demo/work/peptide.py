"""Fold a small peptide atom by atom, and check it against published and exact values.

Molecular dynamics with OpenMM of alanine dipeptide (Ac-Ala-NHMe, 22 atoms) in vacuum, Amber ff14SB
(Maier et al., J. Chem. Theory Comput. 2015, 11, 3696), from an extended chain. Every so often the
running molecule is cooled to the nearest energy minimum. Three things must come out right:

    fold         the lowest minimum is the C7eq ring: phi = -85.8, psi = 79.0 degrees by quantum
                 chemistry, HF/6-31+G* (Head-Gordon et al., J. Am. Chem. Soc. 1991, 113, 5989)
    order        the extended C5 form lies above it, as in the same calculation
    temperature  equipartition: twice the kinetic energy per degree of freedom is k x 300 K, exactly

The run starts extended, so a wrong force field, integrator or thermostat misses at least one.
Exit code 1 says that they do not agree.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("OPENMM_CPU_THREADS", "1")

import numpy as np
import numpy.typing as npt
import openmm
from openmm import app, unit

KELVIN = 300.0
KB = 0.00831446261815324  # kJ/mol/K
KJ_MOL = unit.kilojoule_per_mole
STEP_PS = 0.002
STEPS_BETWEEN_SAMPLES = 500
SAMPLES_PER_QUENCH = 20
C7EQ_PUBLISHED = (-85.8, 79.0)
C5_BASIN = (-155.0, 160.0)
# Fixed-charge force fields close the C7 ring more tightly than quantum chemistry does.
ANGLE_TOLERANCE = 30.0
ORDER_KJ_MIN = 0.5  # well above the minimiser's tolerance
TEMPERATURE_TOLERANCE = 5.0

Array = npt.NDArray[np.float64]

# The extended chain the run starts from, relaxed in the same force field (angstrom).
EXTENDED = """\
ATOM      1  H1  ACE A   1      -0.417   1.027   0.073
ATOM      2  CH3 ACE A   1      -0.046   0.003   0.061
ATOM      3  H2  ACE A   1      -0.405  -0.507  -0.833
ATOM      4  H3  ACE A   1      -0.389  -0.522   0.953
ATOM      5  C   ACE A   1       1.465   0.030   0.051
ATOM      6  O   ACE A   1       2.060   1.099   0.088
ATOM      7  N   ALA A   2       2.081  -1.148  -0.007
ATOM      8  H   ALA A   2       1.523  -1.987  -0.072
ATOM      9  CA  ALA A   2       3.532  -1.326  -0.054
ATOM     10  HA  ALA A   2       3.972  -0.486  -0.592
ATOM     11  CB  ALA A   2       4.081  -1.326   1.381
ATOM     12  HB1 ALA A   2       3.653  -2.157   1.942
ATOM     13  HB2 ALA A   2       5.166  -1.426   1.365
ATOM     14  HB3 ALA A   2       3.824  -0.389   1.875
ATOM     15  C   ALA A   2       3.907  -2.618  -0.803
ATOM     16  O   ALA A   2       3.088  -3.529  -0.925
ATOM     17  N   NME A   3       5.151  -2.700  -1.291
ATOM     18  H   NME A   3       5.769  -1.914  -1.144
ATOM     19  C   NME A   3       5.669  -3.856  -2.021
ATOM     20  H1  NME A   3       4.998  -4.101  -2.844
ATOM     21  H2  NME A   3       6.660  -3.640  -2.419
ATOM     22  H3  NME A   3       5.727  -4.716  -1.354
END
"""
PHI = ("ACE C", "ALA N", "ALA CA", "ALA C")
PSI = ("ALA N", "ALA CA", "ALA C", "NME N")


@dataclass(frozen=True)
class Minimum:
    """An energy minimum the molecule was cooled into: kJ/mol and degrees."""

    energy: float
    phi: float
    psi: float

    def distance(self, phi: float, psi: float) -> float:
        """Return the larger of the two angles' distances, in degrees."""
        return max(angle_between(self.phi, phi), angle_between(self.psi, psi))


@dataclass
class Findings:
    """What the run has seen so far."""

    kelvins: list[float] = field(default_factory=list)
    minima: list[Minimum] = field(default_factory=list)


def angle_between(left: float, right: float) -> float:
    """Return the distance of two angles in degrees, the short way round."""
    return abs((left - right + 180) % 360 - 180)


def dihedral(a: Array, b: Array, c: Array, d: Array) -> float:
    """Return the torsion of four places in degrees, IUPAC sign."""
    axis = (c - b) / np.linalg.norm(c - b)
    v = (a - b) - np.dot(a - b, axis) * axis
    w = (d - c) - np.dot(d - c, axis) * axis
    return math.degrees(math.atan2(np.dot(np.cross(axis, v), w), np.dot(v, w)))


class Peptide:
    """The molecule, its forces and its thermostat."""

    def __init__(self, seed: int, kelvin: float) -> None:
        pdb = app.PDBFile(io.StringIO(EXTENDED))
        # Names repeat between residues, so an atom is known by both.
        self.index = {f"{a.residue.name} {a.name}": a.index for a in pdb.topology.atoms()}
        system = app.ForceField("amber14-all.xml").createSystem(
            pdb.topology, nonbondedMethod=app.NoCutoff, constraints=app.HBonds, removeCMMotion=False
        )
        self.freedoms = 3 * system.getNumParticles() - system.getNumConstraints()
        self.integrator = openmm.LangevinMiddleIntegrator(kelvin, 5.0, STEP_PS)
        self.integrator.setRandomNumberSeed(seed)
        # For 22 atoms the plain one-thread platform is the fastest, and the same on every machine.
        platform = openmm.Platform.getPlatformByName("Reference")
        self.context = openmm.Context(system, self.integrator, platform)
        self.context.setPositions(pdb.positions)
        openmm.LocalEnergyMinimizer.minimize(self.context)
        self.context.setVelocitiesToTemperature(kelvin, seed)

    def kelvin(self) -> float:
        """Return the temperature that the kinetic energy shows by equipartition."""
        state = self.context.getState(getEnergy=True)
        return float(2 * state.getKineticEnergy().value_in_unit(KJ_MOL) / (self.freedoms * KB))

    def minimum(self) -> Minimum:
        """Cool a copy of the molecule to the nearest minimum, and leave the run as it was."""
        running = self.context.getState(getPositions=True, getVelocities=True)
        openmm.LocalEnergyMinimizer.minimize(self.context)
        cold = self.context.getState(getPositions=True, getEnergy=True)
        x = np.array(cold.getPositions(asNumpy=True).value_in_unit(unit.nanometer))
        phi, psi = (dihedral(*(x[self.index[name]] for name in four)) for four in (PHI, PSI))
        self.context.setState(running)
        return Minimum(float(cold.getPotentialEnergy().value_in_unit(KJ_MOL)), phi, psi)


def run(peptide: Peptide, samples: int) -> Findings:
    """Let the molecule move, and look at it every picosecond."""
    found = Findings()
    for i in range(samples):
        peptide.integrator.step(STEPS_BETWEEN_SAMPLES)
        found.kelvins.append(peptide.kelvin())
        if i % SAMPLES_PER_QUENCH == 0:
            found.minima.append(peptide.minimum())
        if (i + 1) % max(1, samples // 10) == 0:
            mean = sum(found.kelvins) / len(found.kelvins)
            print(f"{i + 1} of {samples} ps, mean {mean:.1f} K", flush=True)
    return found


def judge(found: Findings) -> dict[str, object]:
    """Hold what was found against what is known."""
    lowest = min(found.minima, key=lambda m: m.energy)
    extended = [m.energy for m in found.minima if m.distance(*C5_BASIN) < ANGLE_TOLERANCE]
    order = min(extended) - lowest.energy if extended else None
    kelvin = sum(found.kelvins) / len(found.kelvins)
    checks = {
        "fold": lowest.distance(*C7EQ_PUBLISHED) <= ANGLE_TOLERANCE,
        "order": order is not None and order >= ORDER_KJ_MIN,
        "temperature": abs(kelvin - KELVIN) <= TEMPERATURE_TOLERANCE,
    }
    return {
        "measured": {
            "phi": round(lowest.phi, 1), "psi": round(lowest.psi, 1),
            "c5_above_c7eq_kj_mol": None if order is None else round(order, 2),
            "kelvin": round(kelvin, 2), "quenches": len(found.minima),
        },
        "known": {
            "phi": C7EQ_PUBLISHED[0], "psi": C7EQ_PUBLISHED[1], "kelvin": KELVIN,
            "c5_above_c7eq_kj_mol": "above",
        },
        "tolerance": {
            "degrees": ANGLE_TOLERANCE, "kelvin": TEMPERATURE_TOLERANCE,
            "c5_above_c7eq_kj_mol_min": ORDER_KJ_MIN,
        },
        "source": "Head-Gordon et al., J. Am. Chem. Soc. 1991, 113, 5989; equipartition",
        "checks": checks,
        "agrees": all(checks.values()),
    }  # fmt: skip


def main() -> int:
    """Run the molecule and write out/result.json; 1 when it disagrees with what is known."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--samples", type=int, default=2_000, help="picoseconds to simulate")
    ask.add_argument("--seed", type=int, default=7)
    ask.add_argument("--kelvin", type=float, default=KELVIN, help="thermostat, to see it disagree")
    wanted = ask.parse_args()
    print("alanine dipeptide, 22 atoms, Amber ff14SB", flush=True)
    result = judge(run(Peptide(wanted.seed, wanted.kelvin), wanted.samples))
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "result.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result["checks"]), flush=True)
    return 0 if result["agrees"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
