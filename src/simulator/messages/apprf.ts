import { ipAddress, type MessageMaker, macAddress, seconds } from './payload.js'

const APPS = [
  { id: 67, app: 'https', cat: 'Web', catId: 15, web: 'search-engines', domain: 'example.com' },
  { id: 1299, app: 'zoom', cat: 'Collaboration', catId: 4, web: 'web-meetings', domain: 'zoom.us' },
  {
    id: 2116,
    app: 'youtube',
    cat: 'Streaming',
    catId: 13,
    web: 'streaming-media',
    domain: 'youtube.com',
  },
  {
    id: 190,
    app: 'dns',
    cat: 'Network Service',
    catId: 9,
    web: 'computer-and-internet-info',
    domain: '',
  },
] as const

/** What clients of one access point did in the past 15 minutes. */
export const apprf: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const ap = site.accessPoints[count % site.accessPoints.length] ?? random.pick(site.accessPoints)
  const here = site.clients.filter((client) => client.ap === ap).slice(0, 3)
  const sessions = (here.length > 0 ? here : [random.pick(site.clients)]).map((client) => {
    const app = random.pick(APPS)
    const bytes = client.throughput * random.integer(30, 900)
    const up = random.integer(2, 40)
    const down = random.integer(2, 40)
    const dest = Uint8Array.of(203, 0, 113, random.integer(1, 254))
    return {
      client_ip: ipAddress(client.ip),
      client_mac: macAddress(client.mac),
      dest_ip: ipAddress(dest),
      ingress_type: 'INGRESS_WLAN',
      ip_proto: app.app === 'dns' ? 17 : 6,
      vlan: String(client.ssid.vlan),
      uplink_id: 1,
      uplink_name: 'eth0',
      app_id: app.id,
      app_name: app.app,
      app_cat_id: app.catId,
      app_cat: app.cat,
      web_cat_id: app.catId + 30,
      web_cat: app.web,
      web_rep_score: random.integer(61, 100),
      web_rep: 'trustworthy',
      dest_url_prefix: app.domain,
      domain: app.domain,
      session_flags: random.chance(0.05) ? 'ENF_DENY' : 'ENF_PERMIT',
      tx_bytes: Math.round(bytes / 8),
      rx_bytes: bytes,
      rtt: up + down,
      c2s_rtt: up,
      s2c_rtt: down,
      packet_loss: random.integer(0, 2),
      ssid: client.ssid.name,
      user_name: client.username,
      user_role: client.ssid.name,
      device_type: client.os,
      timestamp: seconds(now) - random.integer(0, 900),
      preauth_flag: false,
      dest_port: app.app === 'dns' ? 53 : 443,
    }
  })
  const urls = sessions
    .filter(({ domain }) => domain !== '')
    .map(({ client_ip, dest_ip, client_mac, domain, timestamp }) => ({
      client_ip,
      dest_ip,
      client_mac,
      dest_url_prefix: Buffer.from(domain),
      hit_count: random.integer(1, 40),
      http_method: random.pick(['HTTP_GET', 'HTTP_POST']),
      last_hit_timestamp: timestamp,
    }))
  return {
    customer_id: customerId,
    timestamp: seconds(now),
    serial_number: ap.serial,
    client_firewall_session: sessions,
    url_detail_record: urls,
    ap_name: ap.name,
    session_duration: 900,
  }
}
