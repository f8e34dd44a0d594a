"""k nearest neighbours; k is chosen by leaving each training flower out once."""


class NearestNeighbours:
    name = "nearest-neighbours"

    def __init__(self, max_neighbours):
        self.max_neighbours = max_neighbours

    def fit(self, points, labels, run):
        self.points, self.labels, self.classes = points, labels, sorted(set(labels))
        best_accuracy = -1.0
        for k in range(1, min(self.max_neighbours, len(points) - 1) + 1, 2):
            correct = sum(self._shares(point, k, leave_out=index).most_likely() == labels[index] for index, point in enumerate(points))
            accuracy = correct / len(points)
            run.log("leave_one_out_accuracy", accuracy, step=k)
            print("k = {:2d}  leave-one-out accuracy {:.3f}".format(k, accuracy), flush=True)
            if accuracy > best_accuracy:
                best_accuracy, self.k = accuracy, k
        run.log("k", self.k)

    def probabilities(self, point):
        return self._shares(point, self.k)

    def parameters(self):
        return {"k": self.k, "points": self.points, "labels": self.labels}

    def _shares(self, point, k, leave_out=None):
        distances = sorted(
            (sum((a - b) ** 2 for a, b in zip(point, other)), index) for index, other in enumerate(self.points) if index != leave_out
        )
        nearest = [self.labels[index] for _, index in distances[:k]]
        # One imagined vote for each species, so that no probability is 0.
        return Shares({c: (nearest.count(c) + 1) / (k + len(self.classes)) for c in self.classes})


class Shares(dict):
    """Probability by species."""

    def most_likely(self):
        return max(self, key=self.get)
