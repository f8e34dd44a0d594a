"""Multinomial logistic regression, trained by gradient descent on small batches."""

import math
import random

BATCH = 16
SHRINKAGE = 0.001  # weight of the squared weights in the loss


class LogisticRegression:
    name = "logistic-regression"

    def __init__(self, epochs, learning_rate, seed):
        self.epochs, self.learning_rate, self.rng = epochs, learning_rate, random.Random(seed)

    def fit(self, points, labels, run):
        self.classes = sorted(set(labels))
        self.weights = [[self.rng.gauss(0, 0.01) for _ in range(len(points[0]) + 1)] for _ in self.classes]
        flowers = list(zip(points, labels))
        for epoch in range(1, self.epochs + 1):
            self.rng.shuffle(flowers)
            rate = self.learning_rate / (1 + 4 * epoch / self.epochs)
            for start in range(0, len(flowers), BATCH):
                self._descend(flowers[start : start + BATCH], rate)
            loss = -sum(math.log(self.probabilities(p)[label]) for p, label in flowers) / len(flowers)
            run.log("loss", loss, step=epoch)
            if epoch == 1 or epoch % max(1, self.epochs // 20) == 0:
                print("epoch {:4d}/{}  loss {:.4f}".format(epoch, self.epochs, loss), flush=True)

    def probabilities(self, point):
        scores = [sum(w * x for w, x in zip(weights, point + [1.0])) for weights in self.weights]
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        return {c: max(power / sum(powers), 1e-15) for c, power in zip(self.classes, powers)}

    def parameters(self):
        return {"weights": dict(zip(self.classes, self.weights)), "order": "the features, then the constant"}

    def _descend(self, batch, rate):
        gradient = [[SHRINKAGE * w for w in weights] for weights in self.weights]
        for point, label in batch:
            for row, (species, probability) in zip(gradient, self.probabilities(point).items()):
                error = (probability - (species == label)) / len(batch)
                for i, x in enumerate(point + [1.0]):
                    row[i] += error * x
        for weights, row in zip(self.weights, gradient):
            for i, slope in enumerate(row):
                weights[i] -= rate * slope
