"""Splits the irises into a training and a test set, the same share of each species in both."""

import argparse
import os

import pandas as pd
from azureml.core import Run
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--iris", required=True, help="CSV file: four measurements and the species")
parser.add_argument("--prepared", required=True, help="folder for train.csv and test.csv")
parser.add_argument("--test-fraction", type=float, default=0.3)
parser.add_argument("--seed", type=int, default=1936)
args = parser.parse_args()

run = Run.get_context()

flowers = pd.read_csv(args.iris)
print(flowers.describe().round(2).to_string())

train, test = train_test_split(flowers, test_size=args.test_fraction, stratify=flowers["species"], random_state=args.seed)

os.makedirs(args.prepared, exist_ok=True)
for name, part in (("train", train), ("test", test)):
    part.to_csv(os.path.join(args.prepared, name + ".csv"), index=False)
    run.log(name + "_rows", len(part))
    counts = part["species"].value_counts().sort_index()
    run.log_table(name + "_species", {"species": list(counts.index), "rows": counts.to_numpy()})
