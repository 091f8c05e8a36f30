"""Encrypts standard input as a Zuul secret of a project, block by block.

    VENV/bin/python seal.py ZUUL_CONF CONNECTION PROJECT < SECRET

Only ZooKeeper must be up. Makes the project's key if there is none.
"""

import base64
import configparser
import json
import sys

from zuul.lib import encryption
from zuul.lib.keystorage import KeyStorage
from zuul.zk import ZooKeeperClient

# What one block of RSA-4096 with OAEP holds.
BLOCK = 470


def main(path, connection, project):
    config = configparser.ConfigParser()
    config.read(path)
    client = ZooKeeperClient.fromConfig(config)
    client.connect()
    keys = KeyStorage(client, config["keystore"]["password"])
    _, public = keys.getProjectSecretsKeys(connection, project)
    secret = sys.stdin.buffer.read()
    parts = [secret[at:at + BLOCK] for at in range(0, len(secret), BLOCK)]
    print(json.dumps([
        base64.b64encode(encryption.encrypt_pkcs1_oaep(part, public)).decode()
        for part in parts or [b""]]))
    client.disconnect()


if __name__ == "__main__":
    main(*sys.argv[1:])
