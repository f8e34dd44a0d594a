"""Reads what the prepare step wrote."""

import csv
import os

FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def read(folder, name):
    """Measurements in cm, in the order of FEATURES, and the species, a list each."""
    with open(os.path.join(folder, name + ".csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    return [[float(row[feature]) for feature in FEATURES] for row in rows], [row["species"] for row in rows]


class Scaler:
    """Brings each measurement to mean 0 and standard deviation 1, as found in the training set."""

    def __init__(self, points):
        columns = list(zip(*points))
        self.means = [sum(column) / len(column) for column in columns]
        self.deviations = [
            (sum((value - mean) ** 2 for value in column) / len(column)) ** 0.5 or 1.0 for column, mean in zip(columns, self.means)
        ]

    def scale(self, point):
        return [(value - mean) / deviation for value, mean, deviation in zip(point, self.means, self.deviations)]
