"""The real server, on a free port with an empty folder."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).parents[2]
BINARY = pathlib.Path(os.environ.get("COUNTERSIGN_BIN", ROOT / "target/debug/countersign"))


def environment() -> dict:
    """Nothing of the machine's own changes what is tested."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    return {**inherited, "COUNTERSIGN_LOG__LEVEL": "warn"}


class Server:
    def __init__(self):
        self.data = tempfile.mkdtemp(prefix="countersign-py-")
        self.log = open(os.path.join(self.data, "log"), "w+", encoding="utf-8")
        command = [BINARY, "dev", "--json", "--listen", "127.0.0.1:0", "--data", self.data]
        self.process = subprocess.Popen(
            command, env=environment(), stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise RuntimeError("the server ended without its ready line:\n" + self.log.read())
        self.issuer = json.loads(line)["issuer"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """A command beside the running server."""
        command = [BINARY, *arguments, "--data", self.data]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        shutil.rmtree(self.data)
        return code
