"""Reads an export with the code of a labeling tool, and lets the tool save a copy.

    python labeling_tools.py TOOL FORMAT EXPORT COPY

prints JSON: the tool's version, what it reads (`masks`: by image without extension, a list of [class, COCO run lengths]), and the
format of the copy that it saved in the folder COPY, or null if it saves none.
"""

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
import types
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
from pycocotools import mask as coco_mask


def counts(mask):
    return coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def stem(name):
    return os.path.splitext(os.path.basename(name))[0]


def pycocotools(export, copy):
    from pycocotools.coco import COCO

    masks = {}
    for file in sorted((export / "annotations").glob("*.json")):
        coco = COCO(str(file))
        for image in coco.loadImgs(coco.getImgIds()):
            found = coco.loadAnns(coco.getAnnIds(image["id"]))
            masks[stem(image["file_name"])] = [
                [coco.loadCats(one["category_id"])[0]["name"], counts(coco.annToMask(one))] for one in found
            ]
        # The API saves no files; its run lengths of all annotations are what its users write.
        for one in coco.dataset["annotations"]:
            rle = coco.annToRLE(one)
            one["segmentation"] = {"size": rle["size"], "counts": counts(coco.annToMask(one))}
        (copy / file.name).write_text(json.dumps(coco.dataset))
    return masks, "coco"


def datumaro(export, copy, kind):
    from datumaro.components.annotation import AnnotationType
    from datumaro.components.dataset import Dataset

    names = {"datumaro": "datumaro", "cvat": "cvat", "coco": "coco", "coco-polygon": "coco", "voc": "voc_instance_segmentation"}
    dataset = Dataset.import_from(str(export), names[kind])
    labels = [one.name for one in dataset.categories()[AnnotationType.label]]
    masks = {}
    for item in dataset:
        groups = {}
        for one in item.annotations:
            height, width = item.media.size
            if one.type == AnnotationType.mask:
                mask = np.asarray(one.image).astype(bool)
            elif one.type == AnnotationType.polygon:
                mask = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([list(one.points)], height, width))).astype(bool)
            else:
                continue
            key = (one.group or id(one), one.label)
            groups[key] = groups[key] | mask if key in groups else mask
        masks[stem(item.id)] = [[labels[label], counts(mask)] for (_, label), mask in groups.items()]
    saved = {"datumaro": "datumaro", "cvat": "datumaro", "voc": "voc_instance_segmentation"}.get(kind, "coco_instances")
    # By default, Datumaro makes polygons of the masks, without their holes.
    options = {"segmentation_mode": "mask"} if saved == "coco_instances" else {}
    shutil.rmtree(copy)
    dataset.export(str(copy), saved, save_media=False, **options)
    return masks, {"datumaro": "datumaro", "coco_instances": "coco", "voc_instance_segmentation": "voc"}[saved]


def labelme(export, copy):
    # The package itself opens a window system; its files and shapes need none of it.
    folder = Path(importlib.util.find_spec("labelme").submodule_search_locations[0])
    package = types.ModuleType("labelme")
    package.__path__ = [str(folder)]
    package.__version__ = importlib.metadata.version("labelme")
    sys.modules["labelme"] = package
    utils = types.ModuleType("labelme.utils")
    utils.__path__ = [str(folder / "utils")]
    sys.modules["labelme.utils"] = package.utils = utils
    from labelme.utils import image, shape

    for module in (image, shape):
        vars(utils).update({name: value for name, value in vars(module).items() if not name.startswith("_")})
    from labelme._label_file import LabelFile

    masks = {}
    for file in sorted(export.glob("*/*.json")):
        label_file = LabelFile(str(file))
        data = json.loads(file.read_text())
        size = (data["imageHeight"], data["imageWidth"])
        groups = {}
        for number, one in enumerate(label_file.shapes):
            if one["shape_type"] == "mask":
                mask = np.zeros(size, dtype=bool)
                (x1, y1), (x2, y2) = np.asarray(one["points"]).astype(int)
                mask[y1 : y2 + 1, x1 : x2 + 1] = one["mask"]
            else:
                mask = shape.shape_to_mask(size, one["points"], one["shape_type"])
            key = (one["label"], one["group_id"] if one["group_id"] is not None else -1 - number)
            groups[key] = groups[key] | mask if key in groups else mask
        masks[file.stem] = [[label, counts(mask)] for (label, _), mask in groups.items()]
        (copy / file.parent.name).mkdir(exist_ok=True)
        shapes = [{key: one[key] for key in ("label", "points", "group_id", "description", "shape_type", "flags")} for one in label_file.shapes]
        for saved, one in zip(shapes, label_file.shapes):
            saved["mask"] = None if one["mask"] is None else image.img_arr_to_b64(one["mask"].astype(np.uint8))
        label_file.save(
            filename=str(copy / file.parent.name / file.name),
            shapes=shapes,
            image_path=data["imagePath"],
            image_height=size[0],
            image_width=size[1],
            image_data=None,
            other_data={},
            flags={},
        )
    return masks, "labelme"


def label_studio(export, copy):
    from label_studio_sdk.converter import brush

    tasks = json.loads((export / "tasks.json").read_text())
    masks = {}
    for number, task in enumerate(tasks, 1):
        path = parse_qs(urlparse(task["data"]["image"]).query)["d"][0]
        result = []
        masks[stem(path)] = []
        for region in task["predictions"][0]["result"]:
            size = (region["original_height"], region["original_width"])
            mask = brush.decode_rle(region["value"]["rle"]).reshape(*size, 4)[:, :, 3] > 0
            masks[stem(path)].append([region["value"]["brushlabels"][0], counts(mask)])
            # What a person submits: the region, encoded anew.
            rle = brush.mask2rle(mask.astype(np.uint8) * 255)
            result.append({**region, "value": {**region["value"], "rle": rle}, "origin": "prediction"})
        task.update(id=number, annotations=[{"id": number, "result": result, "was_cancelled": False}])
    (copy / "export.json").write_text(json.dumps(tasks))
    return masks, "label-studio"


def label_studio_min(export, copy):
    from label_studio_sdk.converter import Converter

    masks, _ = label_studio(export, copy)
    config = (export / "label_config.xml").read_text()
    Converter(config, str(copy)).convert_to_json_min(str(copy), str(copy / "min"), is_dir=True)
    (copy / "export.json").unlink()
    return masks, "label-studio"


def ultralytics(export, copy):
    from ultralytics.data import utils

    names = [json.loads(one) for one in re.findall(r'^  \d+: (".*")$', (export / "data.yaml").read_text(), re.M)]
    masks = {}
    images = sorted((export / "images").glob("*/*"))
    for image, labels in zip(images, utils.img2label_paths([str(one) for one in images])):
        read = utils.verify_image_label((str(image), labels, "", False, len(names), 0, 0, False))
        _, boxes, size, segments, _, _, _, _, corrupt, message = read
        assert not corrupt, message
        height, width = size
        masks[image.stem] = [
            [names[int(box[0])], counts(utils.polygon2mask(size, [(segment * (width, height)).ravel()]))]
            for box, segment in zip(boxes, segments)
        ]
    return masks, None


def supervision(export, copy):
    import supervision as sv

    masks = {}
    for split in sorted(one.name for one in (export / "images").iterdir()):
        dataset = sv.DetectionDataset.from_yolo(
            images_directory_path=str(export / "images" / split),
            annotations_directory_path=str(export / "labels" / split),
            data_yaml_path=str(export / "data.yaml"),
            force_masks=True,
        )
        for path, _, found in dataset:
            found_masks = found.mask if found.mask is not None else []
            masks[stem(path)] = [[dataset.classes[label], counts(mask)] for mask, label in zip(found_masks, found.class_id)]
    # What it saves are simplified outlines.
    return masks, None


def cvat_sdk(export, copy):
    """CVAT's server cannot be run here; its SDK encodes masks as the server does."""
    from xml.etree import ElementTree

    from cvat_sdk import masks as cvat_masks

    root = ElementTree.parse(export / "annotations.xml").getroot()
    masks = {}
    for image in root.iter("image"):
        size = {"image_width": int(image.get("width")), "image_height": int(image.get("height"))}
        found = masks.setdefault(stem(image.get("name")), [])
        for one in image.iter("mask"):
            left, top, width, height = (int(one.get(key)) for key in ("left", "top", "width", "height"))
            runs = [int(run) for run in one.get("rle").split(",")]
            mask = cvat_masks.decode_mask([*runs, left, top, left + width - 1, top + height - 1], **size)
            found.append([one.get("label"), counts(mask)])
            # Written anew, with the SDK's numbers and in CVAT's order of attributes.
            *runs, left, top, right, bottom = cvat_masks.encode_mask(mask)
            one.set("rle", ", ".join(str(int(run)) for run in runs))
            one.set("left", str(left)), one.set("top", str(top))
            one.set("width", str(right - left + 1)), one.set("height", str(bottom - top + 1))
    ElementTree.ElementTree(root).write(copy / "annotations.xml", encoding="utf-8", xml_declaration=True)
    return masks, "cvat"


TOOLS = {
    "pycocotools": ("pycocotools", lambda export, copy, kind: pycocotools(export, copy)),
    "datumaro": ("datumaro", datumaro),
    "labelme": ("labelme", lambda export, copy, kind: labelme(export, copy)),
    "label-studio": ("label-studio-sdk", lambda export, copy, kind: label_studio(export, copy)),
    "label-studio-min": ("label-studio-sdk", lambda export, copy, kind: label_studio_min(export, copy)),
    "ultralytics": ("ultralytics", lambda export, copy, kind: ultralytics(export, copy)),
    "supervision": ("supervision", lambda export, copy, kind: supervision(export, copy)),
    "cvat-sdk": ("cvat-sdk", lambda export, copy, kind: cvat_sdk(export, copy)),
}


def main(tool, kind, export, copy):
    sys.stdout, out = sys.stderr, sys.stdout
    package, read = TOOLS[tool]
    Path(copy).mkdir(parents=True)
    masks, saved = read(Path(export), Path(copy), kind)
    json.dump({"version": importlib.metadata.version(package), "masks": masks, "saved": saved}, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
