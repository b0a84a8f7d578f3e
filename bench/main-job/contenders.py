"""The programs that do the main job, as commands that print a line for each frame. bench/start takes them too."""
import os


def environment(context, name):
    """All take the same ONNX Runtime. Python's OpenCV takes new memory for each picture: it may keep what it gave back,
    else the kernel's work, which differs much between machines, is more than its own."""
    chosen = {"WEIR_ONNXRUNTIME": context.deps("onnxruntime", "lib", "libonnxruntime.so")}
    if name == "Python":
        chosen.update(context.keeping_memory())
    return chosen


def model(context):
    return [os.path.join(context.root, "models", "coco.yaml"), context.deps("models", "coco.onnx")]


def weir(context, source, pace="fast", link="", runner="thread"):
    line = f'video url="{source}" pace={pace} runner={runner} ! detect model=coco threads=1 runner={runner} {link} ! jsonl path=-'
    return [context.weir, "run", "--quiet", line], ""


def minimal(context, source):
    program, missing = context.program("main-job", "minimal")
    return [program, source, *model(context)], missing


def gstreamer(context, source):
    program, missing = context.program("main-job", "gstreamer")
    return [program, source, *model(context)], missing


def python(context, source):
    interpreter, missing = context.python("cv2", "numpy")
    library, no_library = context.program("main-job", "libdetector.so")
    script = context.here("main-job", "naive.py")
    return [interpreter, script, source, *model(context), library], missing or no_library
