"""Accuracy, calibration error and shares of labels: arithmetic on lists, nothing else."""

import math

BINS = 10


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def moved(scores, bias):
    """Shares of labels whose logarithms are moved by a bias: softmax(score - bias)."""
    values = [score - by for score, by in zip(scores, bias)]
    highest = max(values)
    weights = [math.exp(value - highest) for value in values]
    return [weight / sum(weights) for weight in weights]


def accuracy(shares, truths):
    return mean(max(range(len(s)), key=s.__getitem__) == t for s, t in zip(shares, truths))


def reliability(shares, truths):
    """For each tenth of confidence: cells, mean confidence, share that is right."""
    bins = [[] for _ in range(BINS)]
    for row, truth in zip(shares, truths):
        best = max(range(len(row)), key=row.__getitem__)
        bins[min(BINS - 1, int(row[best] * BINS))].append((row[best], best == truth))
    return [
        (len(cells), mean(sure for sure, _ in cells), mean(right for _, right in cells))
        for cells in bins
    ]


def calibration_error(shares, truths):
    """The expected calibration error: |confidence - accuracy|, weighed by cells."""
    table = reliability(shares, truths)
    total = sum(count for count, _, _ in table)
    return sum(count * abs(sure - right) for count, sure, right in table if count) / total
