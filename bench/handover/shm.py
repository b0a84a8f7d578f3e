"""Frames from one process to another as GStreamer does it, paced: shm.py FRAMES RATE.

Unpaced, the two block each other in GStreamer 1.22: both wait to write to the socket that tells of frames. `unixfdsink`
came with 1.24.
"""
import json
import os
import subprocess
import sys
import tempfile
import time


def main():
    frames, rate = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        size = f"video/x-raw,format=GRAY8,width=16,height=16,framerate={rate}/1"
        sink = subprocess.Popen(["gst-launch-1.0", "-q", "videotestsrc", "pattern=black", "is-live=true", "!", size, "!", "shmsink",
                                 f"socket-path={path}", "sync=false", "async=false", "shm-size=2000000"], stderr=subprocess.DEVNULL)
        while not os.path.exists(path) and sink.poll() is None:
            time.sleep(0.01)
        done = subprocess.run(["gst-launch-1.0", "-q", "shmsrc", f"socket-path={path}", f"num-buffers={frames}", "!", "fakesink",
                               "sync=false"], stderr=subprocess.DEVNULL, check=False)
        sink.terminate()
        sink.wait()
    print(json.dumps({"frames": int(frames) if done.returncode == 0 else 0}))


main()
