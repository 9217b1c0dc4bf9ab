"""flood.py PORT N slow|whole - N connections at once from 25 addresses of this machine: "slow" ones send
half a request and stay, "whole" ones a request for a tile each. Prints "key value" lines:
  connections N                         as many as this machine lets one process have
  200, 503, closed, other, unanswered   how the whole ones ended
  during_s, after_s                     seconds until somebody else was answered, while they were there, after they had gone
"""
import resource, selectors, socket, sys, time, urllib.request

port, wanted, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
most = hard if hard != resource.RLIM_INFINITY else wanted + 200
resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, wanted + 200), hard))
n = min(wanted, most - 200)


def somebody_else():
    """Seconds until an answer; 999: none within a minute."""
    start = time.monotonic()
    while time.monotonic() < start + 60:
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60).status == 200:
                return time.monotonic() - start
        except OSError:
            time.sleep(0.05)
    return 999.0


def come(i):
    s = socket.socket()
    s.setblocking(False)
    s.bind((f"127.0.0.{2 + i % 25}", 0))
    s.connect_ex(("127.0.0.1", port))
    return s


def request(i):
    if kind == "slow":
        return b"GET /healthz HTTP/1.1\r\nHo"
    return f"GET /tiles/county/13/{6500 + i % 100}/{3100 + i // 100}.png HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


sockets = [come(i) for i in range(n)]
print("connections", n)
poll = selectors.DefaultSelector()
for i, s in enumerate(sockets):
    poll.register(s, selectors.EVENT_WRITE, i)
end = time.monotonic() + 30
ends = {}
reading = []
while poll.get_map() and time.monotonic() < end:
    for key, _ in poll.select(0.5):
        poll.unregister(key.fileobj)
        try:
            key.fileobj.send(request(key.data))
            reading.append(key)
        except OSError:
            ends["closed"] = ends.get("closed", 0) + 1
print("during_s", round(somebody_else(), 2))
if kind == "whole":
    start = {}
    end = time.monotonic() + 90
    for key in reading:
        poll.register(key.fileobj, selectors.EVENT_READ, key.data)
    while poll.get_map() and time.monotonic() < end:
        for key, _ in poll.select(1):
            try:
                piece = key.fileobj.recv(65536)
            except OSError:
                piece = b""
            start.setdefault(key.data, piece[:12])
            if not piece:
                poll.unregister(key.fileobj)
                text = start[key.data]
                name = text[9:12].decode() if text[:5] == b"HTTP/" else "closed"
                name = name if name in ("200", "503", "closed") else "other"
                ends[name] = ends.get(name, 0) + 1
    ends["unanswered"] = len(poll.get_map())
    for name in ("200", "503", "closed", "other", "unanswered"):
        print(name, ends.get(name, 0))
for s in sockets:
    s.close()
print("after_s", round(somebody_else(), 2))
