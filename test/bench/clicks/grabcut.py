"""Clicks to an IoU with OpenCV's GrabCut, by the protocol of protocol.ts.

usage: grabcut.py MODE < LIST > RESULT
MODE is `clicks`, or `box` for a box around the object first, which counts as a click. LIST and RESULT are JSON: a list of
objects with the paths of `image` and `truth` (PNG: 1 inside, 2 ignored); for each, the IoU after every click.
"""
import json
import sys
import cv2
import numpy as np

GOAL, MAX_CLICKS, ROUNDS, CLICK_PX = 0.85, 20, 5, 2


def iou(mask, truth):
    known = truth != 2
    inside = truth == 1
    both = np.count_nonzero(mask & inside)
    either = np.count_nonzero((mask & known) | inside)
    return both / either if either else 1.0


def deepest(error):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(error.astype(np.uint8), connectivity=4)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    region = np.pad((labels == largest).astype(np.uint8), 1)
    distance = cv2.distanceTransform(region, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    y, x = np.unravel_index(int(np.argmax(distance)), distance.shape)
    return int(stats[largest, cv2.CC_STAT_AREA]), int(x), int(y)


def next_click(mask, truth):
    missing, surplus = deepest((truth == 1) & ~mask), deepest((truth == 0) & mask)
    if missing is None and surplus is None:
        return None
    is_inside = surplus is None or (missing is not None and missing[0] >= surplus[0])
    return (missing if is_inside else surplus)[1:], is_inside


def cut(image, labels):
    if not (np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).any() and np.isin(labels, (cv2.GC_BGD, cv2.GC_PR_BGD)).any()):
        return labels == cv2.GC_FGD
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD))


def play(image, truth, mode):
    said = np.zeros(truth.shape, np.uint8)  # 1 inside, 2 outside
    mask = np.zeros(truth.shape, bool)
    # Where nothing was said: GrabCut is told that it is probably outside, in a box probably inside.
    start = np.full(truth.shape, cv2.GC_PR_BGD, np.uint8)
    ious = []
    if mode == 'box':
        ys, xs = np.nonzero(truth == 1)
        start[:] = cv2.GC_BGD
        start[ys.min():ys.max() + 1, xs.min():xs.max() + 1] = cv2.GC_PR_FGD
        mask = cut(image, start.copy())
        ious.append(iou(mask, truth))
    while len(ious) < MAX_CLICKS and (not ious or ious[-1] < GOAL):
        click = next_click(mask, truth)
        if click is None:
            break
        place, is_inside = click
        cv2.circle(said, place, CLICK_PX, 1 if is_inside else 2, -1)
        labels = start.copy()
        labels[said == 1] = cv2.GC_FGD
        labels[said == 2] = cv2.GC_BGD
        mask = cut(image, labels)
        ious.append(iou(mask, truth))
    return ious


cv2.setNumThreads(1)
print(json.dumps([play(cv2.imread(one['image']), cv2.imread(one['truth'], cv2.IMREAD_GRAYSCALE), sys.argv[1])
                  for one in json.load(sys.stdin)]))
