"""`python -m tests.chaos.buyers PORT BUYERS THREADS FIRST`: buyers who send the shop's form at one moment, over HTTP.

Each thread keeps one connection open. It says "ready", waits for a line, and answers with one JSON object:
{status: how many} and the seconds of every answer, sorted.
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter
from urllib.parse import urlencode
from uuid import uuid4


def form_of(number: int) -> bytes:
    given = {
        "form_id": str(uuid4()),
        "terms_version": "1",
        "phone": f"+8613{number:09d}",
        "holder-1-product_id": "PASS-ADULT",
        "holder-1-name": "王小明",
        "holder-1-document_type": "PASSPORT",
        "holder-1-document_number": f"E{number % 10**8:08d}",
        "holder-1-birth_on": "1990-05-17",
        "accept_terms": "yes",
    }
    return urlencode(given).encode()


def buy(port: int, numbers: range, start: threading.Barrier, found: list[tuple[int, float]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.connect()
    forms = [(number, form_of(number)) for number in numbers]
    start.wait()
    for number, form in forms:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
            # Every buyer sits somewhere else: the limits by address are not what is measured.
            "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
        }
        begun = time.monotonic()
        connection.request("POST", "/buy", form, headers)
        answer = connection.getresponse()
        answer.read()
        found.append((answer.status, time.monotonic() - begun))
    connection.close()


def main() -> None:
    port, buyers, threads, first = map(int, sys.argv[1:])
    start = threading.Barrier(threads + 1)
    found: list[tuple[int, float]] = []
    share = buyers // threads
    hands = [
        threading.Thread(target=buy, args=(port, range(first + i * share, first + (i + 1) * share), start, found))
        for i in range(threads)
    ]
    for hand in hands:
        hand.start()
    print("ready", flush=True)
    sys.stdin.readline()
    start.wait()
    for hand in hands:
        hand.join()
    print(json.dumps([Counter(status for status, _ in found), sorted(seconds for _, seconds in found)]), flush=True)


if __name__ == "__main__":
    main()
