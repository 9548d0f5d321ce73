-- wrk: post the lines of BODIES one after another, each once, and look at every answer.
-- BODIES: file, one body a line. THREADS: how many share it. TOKEN: bearer token. WANTED: what a good answer holds.
-- TYPE: of the body. STATUS: of a good answer. Where TOKEN is empty each body comes from an address of its own.
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init()
  local share = tonumber(os.getenv("THREADS"))
  local headers = { ["Content-Type"] = os.getenv("TYPE") }
  local token = os.getenv("TOKEN")
  if token ~= "" then
    headers["Authorization"] = "Bearer " .. token
  end
  local line = 0
  requests = {}
  for body in io.lines(os.getenv("BODIES")) do
    if line % share == number then
      if token == "" then
        headers["Sec-Fetch-Site"] = "same-origin"
        headers["X-Forwarded-For"] = 
          string.format("10.%d.%d.%d", math.floor(line / 65536) % 256, math.floor(line / 256) % 256, line % 256)
      end
      requests[#requests + 1] = wrk.format("POST", nil, headers, body)
    end
    line = line + 1
  end
  wanted = os.getenv("WANTED")
  good_status = tonumber(os.getenv("STATUS"))
  sent, good, bad, sample = 0, 0, 0, ""
end

function request()
  sent = sent + 1
  if sent > #requests then
    -- Out of fresh bodies: the run ends early rather than sending one twice.
    wrk.thread:stop()
    return requests[#requests]
  end
  return requests[sent]
end

function response(status, _, body)
  if status == good_status and body:find(wanted, 1, true) then
    good = good + 1
  else
    bad = bad + 1
    sample = status .. " " .. body:sub(1, 300)
  end
end

function done(summary, latency)
  local good, bad, sample = 0, 0, ""
  for _, thread in ipairs(threads) do
    good = good + thread:get("good")
    bad = bad + thread:get("bad")
    sample = thread:get("sample") ~= "" and thread:get("sample") or sample
  end
  io.write(string.format(
    "RESULT\t%d\t%d\t%.6f\t%.3f\t%.3f\t%d\t%s\n", good, bad, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, sample))
end
