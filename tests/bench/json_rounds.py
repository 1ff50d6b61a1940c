"""json_rounds.py FILE ROUNDS: reads and writes JSON, as a service in Python does."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    lines = file.readlines()
total = 0
for _ in range(int(sys.argv[2])):
    for line in lines:
        order = json.loads(line)
        order["total"] = sum(item["price"] * item["count"] for item in order["items"])
        total += len(json.dumps(order, indent=1, sort_keys=True))
print(total)
