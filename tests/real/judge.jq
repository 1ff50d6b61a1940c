# judge.jq: what is wanted of a recorded program (lines, see the file `queues`) against the queues[] of its summary
# ($summary); prints the cells of a row: what the program said itself, what was expected, found, and what is wrong.
def alleged: .kind | IN("unbounded-queue", "stalled-or-leak", "bounded-queue");
def rounded: if type == "number" then . * 100 | round / 100 else . end;
# {share, name} of all who fill (drain) the queue: threads, or functions in their stacks
def parties($of):
  if $of == "thread" then .threads[] | {share, name}
  else .stacks[] | .share as $share | [.frames[].function] | unique[] | {share: $share, name: .} end;

# What is wrong with the queue that holds most, by one line of what is wanted.
def complaint($queue; $queues):
  if .[0] == "kind" then
    select(.[1:] | index($queue.kind) | not) | "kind is not \(.[1:] | join(" or "))"
  elif .[0] == "silent" then
    $queues[] | select(alleged and .peak_share >= 0.01) | "alleged: \(.kind)"
  elif .[0] == "policy" then
    select($mode != "sample" and ($queue.policy // "null") != .[1]) | "policy is \($queue.policy), not \(.[1])"
  elif .[0] == "range" then
    . as [$range, $key, $low, $high] | $queue[$key]
    | select($mode != "sample" and (. == null or . < ($low | tonumber) or . > ($high | tonumber)))
    | "\($key) is \(rounded), not \($low) to \($high)"
  elif .[0] == "filled_by" or .[0] == "drained_by" then
    . as [$side, $of, $name]
    | [$queue[$side] // {threads: [], stacks: []} | parties($of) | select(.name == $name) | .share] | add // 0
    | select(. < 0.3) | "\($side) \($of) \($name): share \(rounded)"
  elif .[0] == "said" then empty
  else "no such wish: \(.[0])" end;

# Of another kind: a part of the same queue that was not found to be one is no false alarm.
def others($queue):
  select(alleged and .id != $queue.id and .kind != $queue.kind and .peak_share >= 0.01)
  | "also alleged: \(.kind) with \(.peak_share * 100 | rounded) % of the peak";
def expected:
  if .[0] == "kind" then .[1:] | join(" or ") elif .[0] == "silent" then "no queue" else empty end;
def figures:
  . as $queue
  | if .bound then "bound \(.bound | rounded) \(.policy)" else empty end,
    (("arrivals", "departures", "peak_messages", "rho", "turned_away", "thrown_away", "batch", "confidence")
     | . as $key | $queue[$key] | select(. != null) | "\($key) \(rounded)");

[split("\n")[] | select(. != "") | split(" ")] as $wants
| ($summary[0].queues | sort_by(-.peak_bytes)) as $queues
| ($queues[0] // {kind: "none"}) as $queue
| [($wants[] | complaint($queue; $queues)), ($queues[] | select($wants | all(.[0] != "silent")) | others($queue))] as $wrong
| [([$wants[] | select(.[0] == "said") | .[1:] | join(" ")] | join(", ")),
   ([$wants[] | expected] | join(", ")),
   $queue.kind,
   ([$queue | figures] | join(", ")),
   (if $wrong == [] then "right" else $wrong | join("; ") end)]
| join(" | ")
