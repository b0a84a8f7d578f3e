"""Films to measure with, made once from the sample clip and kept."""
import os
import subprocess

# As a camera would send it: no B-frames, a key frame every ten. Colours are named, so that nobody has to guess them.
RECIPE = ["-an", "-vf", "scale=1920:1080:flags=bicubic:out_color_matrix=bt709:out_range=tv", "-c:v", "libx264", "-preset",
          "medium", "-crf", "23", "-pix_fmt", "yuv420p", "-g", "10", "-keyint_min", "10", "-sc_threshold", "0", "-bf", "0",
          "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
          "-movflags", "+faststart"]


def make_film(context, name, arguments):
    """The path of a film that ffmpeg made of these arguments, now or earlier, and why it is missing if it is."""
    path = context.cache(name)
    missing = "" if os.path.exists(path) else context.tool("ffmpeg")
    if missing or os.path.exists(path):
        return path, missing
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments, "-f", "mp4", path + ".part"]
    if subprocess.run(command, check=False).returncode != 0:
        return path, f"ffmpeg could not make {name}"
    os.replace(path + ".part", path)
    return path, ""


def street(context, name, arguments, before=()):
    """The same, of the sample clip."""
    clip = context.deps("clips", "street.mp4")
    if not os.path.exists(clip):
        return context.cache(name), "the sample clip is missing (scripts/setup.sh clip brings it)"
    return make_film(context, name, [*before, "-i", clip, *arguments])


def street_1080p(context, frames):
    """The street scene in 1920x1080, so many frames of it."""
    return street(context, f"street-1080p-{frames}.mp4", ["-frames:v", str(frames), *RECIPE])
