"""Splits the irises into a training and a test set, the same share of each species in both."""

import argparse
import csv
import os
import random

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--iris", required=True, help="CSV file: four measurements and the species")
parser.add_argument("--prepared", required=True, help="folder for train.csv and test.csv")
parser.add_argument("--test-fraction", type=float, default=0.3)
parser.add_argument("--seed", type=int, default=1936)
args = parser.parse_args()

run = Run.get_context()

with open(args.iris, newline="") as file:
    rows = list(csv.DictReader(file))
print("read {} flowers from {}".format(len(rows), args.iris))

by_species = {}
for row in rows:
    by_species.setdefault(row["species"], []).append(row)

rng = random.Random(args.seed)
train, test = [], []
for species, flowers in sorted(by_species.items()):
    rng.shuffle(flowers)
    held_back = round(len(flowers) * args.test_fraction)
    if not 0 < held_back < len(flowers):
        raise ValueError(
            "--test-fraction {} leaves {} of the {} {} for training: choose one between 0 and 1".format(
                args.test_fraction, len(flowers) - held_back, len(flowers), species
            )
        )
    test += flowers[:held_back]
    train += flowers[held_back:]
    run.log_row("species", species=species, train=len(flowers) - held_back, test=held_back)
rng.shuffle(train)

os.makedirs(args.prepared, exist_ok=True)
for name, flowers in (("train", train), ("test", test)):
    with open(os.path.join(args.prepared, name + ".csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(flowers)
    run.log(name + "_rows", len(flowers))
    print("wrote {} flowers to {}.csv".format(len(flowers), name))
