import { createHash } from 'node:crypto'
import { FLOOR } from '../site.js'
import { type MessageMaker, macAddress, seconds } from './payload.js'

const METRES_A_DEGREE = 111_320

/** Where a client is on the floor, and the signals that say so. */
export const location: MessageMaker = ({ site, customerId, now, count }) => {
  const client = site.clients[count % site.clients.length] ?? site.random.pick(site.clients)
  const { x, y } = client.position
  const records = site.heardBy(client).slice(0, 3)
  const id = (name: string) => createHash('md5').update(`${customerId}/${name}`).digest('hex')
  const shrink = Math.cos((FLOOR.latitude * Math.PI) / 180)
  return {
    sta_location_x: x,
    sta_location_y: y,
    error_level: 3,
    hashed_sta_eth_mac: createHash('sha1').update(client.mac).digest('hex').toUpperCase(),
    geofence_ids: x < 15 ? [id('entrance')] : [],
    loc_algorithm: records.length < 3 ? 'ALGORITHM_LOW_DENSITY' : 'ALGORITHM_TRIANGULATION',
    longitude: FLOOR.longitude + x / (METRES_A_DEGREE * shrink),
    latitude: FLOOR.latitude + y / METRES_A_DEGREE,
    altitude: 4.5,
    unit: 'METERS',
    sta_eth_mac: macAddress(client.mac),
    campus_id_string: id('campus'),
    building_id_string: id('building'),
    floor_id_string: id('floor'),
    target_type: 'TARGET_TYPE_STATION',
    associated: true,
    err_code: 'ERROR_CODE_NO_ERROR',
    records: records.map(({ ap, rssi }) => ({
      timestamp: seconds(now),
      radio_mac: macAddress(ap.radios[0].mac),
      rssi_val: rssi,
      channel: ap.radios[0].channel,
    })),
  }
}
