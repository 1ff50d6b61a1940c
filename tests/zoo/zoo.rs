// zoo_rs BEHAVIOUR --log FILE [--threads Px1]: Rust's own channels.
// zoo_rs --list: names, as zoo's.
//
// std::sync::mpsc::channel has no bound and keeps messages in blocks of 31 (before Rust 1.67 one
// each); sync_channel has one. The log is C's, see log.h.
use std::ffi::CString;
use std::os::raw::{c_char, c_int};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

#[repr(C)]
struct LogQueue {
    site: *const c_char,
    label: *const c_char,
    policy: *const c_char,
    bound: u64,
    per_block: u32,
    block_bytes: u32,
    filler: *const c_char,
    drainer: *const c_char,
}
const BORN: u32 = 0;
const IN: u32 = 1;
const OUT: u32 = 2;
const FREED: u32 = 3;

extern "C" {
    fn log_declare(queue: *const LogQueue) -> c_int;
    fn log_event(queue: c_int, op: u32);
    fn log_write(path: *const c_char, name: *const c_char);
}

const FILL: Duration = Duration::from_millis(600);
const GAP: Duration = Duration::from_micros(25);
const NAMES: [&str; 5] = [
    "rust-channel-unbounded",
    "rust-channel-inline-unbounded",
    "rust-channel-healthy",
    "rust-channel-inline-healthy",
    "rust-sync-channel-bounded",
];
const BOUND: usize = 2000;

fn log(queue: c_int, op: u32) {
    unsafe { log_event(queue, op) }
}

/// Both kinds of sending end.
trait Sending<T> {
    fn put(&self, message: T);
}
impl<T> Sending<T> for mpsc::Sender<T> {
    fn put(&self, message: T) {
        self.send(message).unwrap()
    }
}
impl<T> Sending<T> for mpsc::SyncSender<T> {
    fn put(&self, message: T) {
        self.send(message).unwrap()
    }
}

// Each queue's blocks have one of these in their stacks.
#[inline(never)]
fn boxed_send(queue: c_int, channel: &impl Sending<Box<[u8; 1000]>>) {
    let message = Box::new([1; 1000]);
    log(queue, BORN);
    channel.put(message);
    log(queue, IN);
}

#[inline(never)]
fn inline_send(queue: c_int, channel: &impl Sending<[u8; 64]>) {
    log(queue, BORN);
    channel.put([1; 64]);
    log(queue, IN);
}

fn sleep_until(when: Instant) {
    let now = Instant::now();
    if now < when {
        thread::sleep(when - now)
    }
}

fn produce(gap: Duration, mut send: impl FnMut()) {
    let mut due = Instant::now();
    let end = due + FILL;
    loop {
        due += gap;
        sleep_until(due.min(end));
        if Instant::now() >= end {
            return;
        }
        send()
    }
}

fn consume<T>(queue: c_int, channel: mpsc::Receiver<T>, service: Duration) {
    let mut done = Instant::now();
    loop {
        let message = match channel.try_recv() {
            Ok(message) => message,
            Err(_) => match channel.recv() {
                Ok(message) => {
                    done = Instant::now();
                    message
                }
                Err(_) => return,
            },
        };
        log(queue, OUT);
        done = done.max(Instant::now() - Duration::from_millis(2)) + service; // see clock_done()
        sleep_until(done);
        drop(message);
        log(queue, FREED);
    }
}

fn named<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .unwrap()
}

fn run<T: Send + 'static, S: Sending<T> + Clone + Send + 'static>(
    queue: c_int,
    ends: (S, mpsc::Receiver<T>),
    producers: u32,
    rho: f64,
    send: fn(c_int, &S),
) {
    let (sender, receiver) = ends;
    let consumer = named("consumer", move || {
        consume(queue, receiver, GAP.mul_f64(rho))
    });
    let senders: Vec<_> = (0..producers)
        .map(|_| {
            let sender = sender.clone();
            named("producer", move || {
                produce(GAP * producers, || send(queue, &sender))
            })
        })
        .collect();
    drop(sender);
    for thread in senders {
        thread.join().unwrap()
    }
    consumer.join().unwrap()
}

fn declare(site: &str, label: &str, bound: usize, per_block: u32, block_bytes: u32) -> c_int {
    let text = |text: &str| CString::new(text).unwrap().into_raw() as *const c_char;
    let policy = if bound > 0 {
        text("blocking")
    } else {
        std::ptr::null()
    };
    let queue = LogQueue {
        site: text(site),
        label: text(label),
        policy,
        bound: bound as u64,
        per_block,
        block_bytes,
        filler: text("producer"),
        drainer: text("consumer"),
    };
    unsafe { log_declare(&queue) }
}

fn run_named(name: &str, producers: u32) {
    let healthy = name.ends_with("healthy");
    let label = if healthy {
        "healthy"
    } else {
        "unbounded-queue"
    };
    let rho = if healthy { 0.7 } else { 1.8 };
    if name == "rust-sync-channel-bounded" {
        let queue = declare("boxed_send", "bounded-queue", BOUND, 1, 1000);
        run(queue, mpsc::sync_channel(BOUND), producers, rho, boxed_send)
    } else if name.contains("inline") {
        let queue = declare("inline_send", label, 0, 31, 31 * 72);
        run(queue, mpsc::channel(), producers, rho, inline_send)
    } else {
        let queue = declare("boxed_send", label, 0, 1, 1000);
        run(queue, mpsc::channel(), producers, rho, boxed_send)
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let name = arguments.get(1).map_or("", String::as_str);
    if name == "--list" {
        NAMES.iter().for_each(|name| println!("{name} producers"));
        return;
    }
    let path = option("--log")
        .filter(|_| NAMES.contains(&name))
        .unwrap_or_else(|| {
            eprintln!("usage: zoo_rs BEHAVIOUR --log FILE [--threads 3x1]\n       zoo_rs --list");
            std::process::exit(2)
        });
    let producers = option("--threads").and_then(|threads| threads.split('x').next()?.parse().ok());
    run_named(name, producers.unwrap_or(1));
    let path = CString::new(path.as_str()).unwrap();
    let name = CString::new(name).unwrap();
    unsafe { log_write(path.as_ptr(), name.as_ptr()) }
}
