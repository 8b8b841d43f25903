import { ipAddress, type MessageMaker, seconds } from './payload.js'

/** What administrators changed: mostly the configuration, now and then firmware or a device. */
export const audit: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const device = random.pick([...site.accessPoints, ...site.switches])
  const channel = random.pick([36, 44, 100, 149])
  const head = {
    customer_id: customerId,
    timestamp: seconds(now),
    group_name: 'Floor 1',
    target: device.serial,
    client_ip: ipAddress(Uint8Array.of(198, 51, 100, random.integer(1, 254))),
    username: random.pick(['ann@example.com', 'bob@example.com']),
  }
  if (count % 7 === 5) {
    const firmware_info = {
      data: `Firmware upgrade of ${device.name} scheduled`,
      detailed_data: '{"from":"10.5.0.1","to":"10.6.0.0"}',
    }
    return { ...head, service: 'FIRMWARE', firmware_info }
  }
  if (count % 7 === 6) {
    const dm_info = {
      data: `Subscription assigned to ${device.name}`,
      detailed_data: JSON.stringify({ serial: device.serial, tier: 'foundation' }),
    }
    return { ...head, service: 'DEVICE_MGMT', dm_info }
  }
  const config_info = {
    data: `Configuration of ${device.name} changed`,
    detailed_data: `  rf dot11a-radio-profile\n-   channel 36\n+   channel ${channel}\n`,
  }
  return { ...head, service: 'CONFIGURATION', config_info }
}
