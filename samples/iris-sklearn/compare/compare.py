"""Keeps the better of the models: the higher accuracy on the test set, and with equal accuracy the lower log loss."""

import argparse
import json
import os
import shutil

import pandas as pd
from azureml.core import Run

from plot import draw

parser = argparse.ArgumentParser()
parser.add_argument("--models", nargs="+", required=True, help="folders that the training steps wrote")
parser.add_argument("--best", required=True, help="folder for the better model and the plot")
args = parser.parse_args()

run = Run.get_context()

models = []
for folder in args.models:
    with open(os.path.join(folder, "metrics.json")) as file:
        metrics = json.load(file)
    models.append({"folder": folder, **{name: metrics[name] for name in ("classifier", "accuracy", "log_loss")}})
comparison = pd.DataFrame(models).sort_values(["accuracy", "log_loss"], ascending=[False, True])
print(comparison.drop(columns="folder").to_string(index=False))
run.log_table("comparison", comparison.drop(columns="folder").to_dict("list"))
best = comparison.iloc[0]

os.makedirs(args.best, exist_ok=True)
shutil.copyfile(os.path.join(best["folder"], "model.joblib"), os.path.join(args.best, "model.joblib"))
comparison.drop(columns="folder").to_json(os.path.join(args.best, "comparison.json"), orient="records", indent=2)
tables = {}
for _, model in comparison.iterrows():
    flowers = pd.read_csv(os.path.join(model["folder"], "predictions.csv"))
    tables[model["classifier"]] = pd.crosstab(flowers["species"], flowers["predicted"])
plot = os.path.join(args.best, "confusion.svg")
with open(plot, "w") as file:
    file.write(draw(tables))

run.log_image("confusion", path=plot)
run.tag("best_model", best["classifier"])
if run.parent is not None:
    run.parent.log("best_accuracy", best["accuracy"])
    run.parent.tag("best_model", best["classifier"])
