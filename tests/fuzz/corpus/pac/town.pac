function FindProxyForURL(url, host) {
  if (isPlainHostName(host)) return "DIRECT";
  var own = "proxy.town.example:8080", other = 'gw.town.example';
  return "PROXY " + own + "; PROXY 10.1.2.3:3128; SOCKS5 " + other + "; HTTPS secure.town.example:443";
}
