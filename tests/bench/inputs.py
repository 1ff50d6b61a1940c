"""inputs.py - what the real programs work on: made here, the same each time, in a full size and in a
small one (for valgrind)."""
import json
import random
import subprocess

WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi".split()


def orders(count):
    """Records as services exchange them: nested, texts of different lengths, numbers."""
    dice = random.Random(1)
    for number in range(count):
        yield {
            "id": number,
            "customer": " ".join(dice.choice(WORDS) for _ in range(1 + dice.randrange(4))),
            "active": dice.random() < 0.7,
            "address": {"street": dice.choice(WORDS) + " street", "number": dice.randrange(200)},
            "items": [
                {"name": dice.choice(WORDS), "price": dice.randrange(10000) / 100,
                 "count": 1 + dice.randrange(9), "tags": dice.sample(WORDS, dice.randrange(4))}
                for _ in range(1 + dice.randrange(6))
            ],
        }


def write_orders(path, count):
    """One JSON object a line."""
    with open(path, "w", encoding="utf-8") as out:
        for order in orders(count):
            out.write(json.dumps(order) + "\n")


def write_sql(path, rows):
    """Tables filled by many small statements, then indexed, joined, grouped and changed."""
    dice = random.Random(2)
    with open(path, "w", encoding="utf-8") as out:
        out.write("create table customers(id integer primary key, name text);\n"
                  "create table orders(id integer primary key, customer int, item text, price real);\n"
                  "begin;\n")
        for number in range(rows // 20):
            name = " ".join(dice.choice(WORDS) for _ in range(3))
            out.write(f"insert into customers values({number}, '{name}');\n")
        for number in range(rows):
            out.write(f"insert into orders values({number}, {dice.randrange(rows // 20)}, "
                      f"'{dice.choice(WORDS)}', {dice.randrange(10000) / 100});\n")
        out.write("commit;\n"
                  "create index by_customer on orders(customer);\n"
                  "create index by_item on orders(item, price);\n"
                  "select name, count(*), sum(price) from customers join orders on"
                  " customers.id = customer group by name order by 3 desc limit 10;\n"
                  "select item, avg(price), group_concat(distinct customer) from orders group by item;\n"
                  "update orders set price = price * 1.1 where item in ('alpha', 'omicron');\n")
        for number in range(rows // 20):
            out.write(f"select count(*), max(price) from orders where customer = {number};\n")


def write_c(amalgamation, path, small_path):
    """A whole JavaScript engine as one preprocessed C file; the small one is its first part, cut after
    a function."""
    subprocess.run(["gcc", "-E", "-P", "-o", path, amalgamation], check=True)
    with open(path, encoding="utf-8") as file:
        lines = file.readlines()
    cut = len(lines) // 8
    while lines[cut].rstrip() != "}":
        cut += 1
    with open(small_path, "w", encoding="utf-8") as out:
        out.writelines(lines[: cut + 1])
