"""Films to measure with, made once from the sample clip and kept under results/."""
import os
import subprocess

# As a camera would send it: no B-frames, a key frame every ten. Colours are named, so that nobody has to guess them.
RECIPE = ["-an", "-vf", "scale=1920:1080:flags=bicubic:out_color_matrix=bt709:out_range=tv", "-c:v", "libx264", "-preset",
          "medium", "-crf", "23", "-pix_fmt", "yuv420p", "-g", "10", "-keyint_min", "10", "-sc_threshold", "0", "-bf", "0",
          "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
          "-movflags", "+faststart", "-f", "mp4"]


def street_1080p(context, frames):
    """The path of the street scene in 1920x1080, so many frames of it, and why it is missing if it is."""
    clip = context.deps("clips", "street.mp4")
    path = os.path.join(context.root, "results", f"street-1080p-{frames}.mp4")
    if os.path.exists(path):
        return path, ""
    missing = context.tool("ffmpeg") or ("" if os.path.exists(clip) else "scripts/setup.sh clip brings the film")
    if missing:
        return path, missing
    os.makedirs(os.path.dirname(path), exist_ok=True)
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", clip, "-frames:v", str(frames), *RECIPE, path + ".part"]
    if subprocess.run(command, check=False).returncode != 0:
        return path, "ffmpeg could not make the film"
    os.rename(path + ".part", path)
    return path, ""
