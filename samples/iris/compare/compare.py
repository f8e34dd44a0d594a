"""Keeps the better of the models: the higher accuracy on the test set, and with equal accuracy the lower log loss."""

import argparse
import csv
import json
import os
import shutil

from azureml.core import Run

from plot import draw

parser = argparse.ArgumentParser()
parser.add_argument("--models", nargs="+", required=True, help="folders that the training steps wrote")
parser.add_argument("--best", required=True, help="folder for the better model and the plot")
args = parser.parse_args()

run = Run.get_context()

models = []
for folder in args.models:
    with open(os.path.join(folder, "model.json")) as file:
        name = json.load(file)["classifier"]
    with open(os.path.join(folder, "metrics.json")) as file:
        metrics = json.load(file)
    with open(os.path.join(folder, "predictions.csv"), newline="") as file:
        predictions = list(csv.DictReader(file))
    models.append({"name": name, "folder": folder, "metrics": metrics, "predictions": predictions})
    run.log_row("comparison", model=name, **metrics)
    print("{:20s} accuracy {:.3f}  log loss {:.4f}".format(name, metrics["accuracy"], metrics["log_loss"]))

best = max(models, key=lambda model: (model["metrics"]["accuracy"], -model["metrics"]["log_loss"]))
print("the better model is {}".format(best["name"]))

os.makedirs(args.best, exist_ok=True)
shutil.copyfile(os.path.join(best["folder"], "model.json"), os.path.join(args.best, "model.json"))
with open(os.path.join(args.best, "comparison.json"), "w") as file:
    json.dump({"best": best["name"], "models": {m["name"]: m["metrics"] for m in models}}, file, indent=2)
species = sorted({flower["species"] for flower in best["predictions"]})
plot = os.path.join(args.best, "comparison.svg")
with open(plot, "w") as file:
    file.write(draw(models, species))

run.log_image("test flowers", path=plot)
run.tag("best_model", best["name"])
if run.parent is not None:
    run.parent.log("best_accuracy", best["metrics"]["accuracy"])
    run.parent.tag("best_model", best["name"])
