// Node loads this before anything else (NODE_OPTIONS): the same as sitecustomize.py.
const dns = require("node:dns")
const fs = require("node:fs")
const net = require("node:net")

const NEAR = /^(127\.|::1$|localhost$|0\.0\.0\.0$|::$)/

function note(event, host) {
  if (host && !NEAR.test(host)) fs.appendFileSync(process.env.REACHED, `${event} ${host}\n`)
}

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given
  note("connect", typeof options === "object" ? options.host : given[1])
  return connect.apply(this, given)
}

const lookup = dns.lookup
dns.lookup = function (host, ...rest) {
  note("lookup", host)
  return lookup.call(this, host, ...rest)
}
