"""The floor of `bench ble`: AES for as many devices, one key and one block each, and nothing else.

It imports nothing of the house. `python aes.py DEVICES` prints the CPU time in milliseconds.
"""

import os
import sys
import time

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB


def main(devices: int) -> int:
    keys = os.urandom(16 * devices)
    work = [(keys[at : at + 16], keys[at : at + 16]) for at in range(0, len(keys), 16)]
    began_ns = time.process_time_ns()
    for key, block in work:
        Cipher(AES(key), ECB()).encryptor().update(block)
    sys.stdout.write(f"{(time.process_time_ns() - began_ns) // 1_000_000}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
