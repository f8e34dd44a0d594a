"""Trains one classifier and writes the model, its metrics and what it said of the test set."""

import argparse
import csv
import json
import math
import os
import time

from azureml.core import Run

from flowers import FEATURES, Scaler, read
from logistic_regression import LogisticRegression
from nearest_neighbours import NearestNeighbours

parser = argparse.ArgumentParser()
parser.add_argument("--classifier", choices=["nearest-neighbours", "logistic-regression"], required=True)
parser.add_argument("--prepared", required=True, help="folder with train.csv and test.csv")
parser.add_argument("--model", required=True, help="folder for what is learnt")
parser.add_argument("--max-neighbours", type=int, default=25)
parser.add_argument("--epochs", type=int, default=1000)
parser.add_argument("--learning-rate", type=float, default=0.5)
parser.add_argument("--seed", type=int, default=1936)
args = parser.parse_args()

run = Run.get_context()
run.tag("classifier", args.classifier)

points, labels = read(args.prepared, "train")
test_points, test_labels = read(args.prepared, "test")
scaler = Scaler(points)

if args.classifier == "nearest-neighbours":
    classifier = NearestNeighbours(args.max_neighbours)
else:
    classifier = LogisticRegression(args.epochs, args.learning_rate, args.seed)

print("training {} on {} flowers".format(classifier.name, len(points)))
started = time.perf_counter()
classifier.fit([scaler.scale(point) for point in points], labels, run)
training_seconds = time.perf_counter() - started

answers = [classifier.probabilities(scaler.scale(point)) for point in test_points]
guesses = [max(answer, key=answer.get) for answer in answers]
metrics = {
    "accuracy": sum(guess == label for guess, label in zip(guesses, test_labels)) / len(test_labels),
    "log_loss": -sum(math.log(answer[label]) for answer, label in zip(answers, test_labels)) / len(test_labels),
    "training_seconds": training_seconds,
}
for name, value in metrics.items():
    run.log(name, value)
species = sorted(set(labels))
for actual in species:
    counts = [sum(g == guess and a == actual for g, a in zip(guesses, test_labels)) for guess in species]
    run.log_row("confusion", actual=actual, **dict(zip(species, counts)))
print("test accuracy {accuracy:.3f}, log loss {log_loss:.4f}".format(**metrics))

os.makedirs(args.model, exist_ok=True)
model = {
    "classifier": classifier.name,
    "features": FEATURES,
    "means": scaler.means,
    "deviations": scaler.deviations,
    "parameters": classifier.parameters(),
}
for name, content in (("model", model), ("metrics", metrics)):
    with open(os.path.join(args.model, name + ".json"), "w") as file:
        json.dump(content, file, indent=2)
with open(os.path.join(args.model, "predictions.csv"), "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(FEATURES + ["species", "predicted"])
    writer.writerows(point + [label, guess] for point, label, guess in zip(test_points, test_labels, guesses))
