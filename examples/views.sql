-- Views for the records of aruba-stream in PostgreSQL: see docs/postgres.md. They need --readable.
--   psql DATABASE --file views.sql

-- Each state of each access point, switch and gateway.
create or replace view device_state as
select m."time", m.customer, m.customer_id, list.kind, device->>'serial' as serial, device->>'name' as name,
  device->>'status' as status, device->>'action' as action, device->>'model' as model,
  device->>'firmware_version' as firmware
from aruba_stream m
cross join (values
  ('access point', 'aps'), ('switch', 'switches'), ('gateway', 'mobility_controllers')
) as list (kind, field)
cross join lateral jsonb_array_elements(m.data->list.field) as device
where m.topic = 'monitoring'
  and (data ? 'aps' or data ? 'switches' or data ? 'mobility_controllers' or data ? 'wireless_clients')
union all
select m."time", m.customer, m.customer_id, kind, device->>'serial_number', device->>'device_name',
  case device->>'status' when 'true' then 'UP' when 'false' then 'DOWN'
    else replace(device->>'status', 'STATUS_', '') end,
  replace(device->>'operation', 'EVENT_OPERATION_', ''), device->>'model', device->>'firmware_version'
from aruba_stream m
cross join lateral (values
  ('ap-events', 'access point', case when m.type like '%.aps.state.device' then m.data end),
  ('switch-events', 'switch', m.data->'switch_state'),
  ('gw-events', 'gateway', m.data->'gateway_state')
) as list (topic, kind, device)
where m.topic in ('ap-events', 'switch-events', 'gw-events')
  and list.topic = m.topic and device is not null;

-- The last name of each device.
create or replace view device_name as
select distinct on (customer_id, serial) customer_id, serial, name, kind
from device_state where name is not null
order by customer_id, serial, "time" desc;

-- The last that is known of each client.
create or replace view client_name as
select distinct on (customer_id, mac) customer_id, mac, name, username, network, ip
from (
  select m."time", m.customer_id, client->'macaddr'->>'addr' as mac, client->>'name' as name,
    client->>'username' as username, client->>'network' as network,
    client->'ip_address'->>'addr' as ip
  from aruba_stream m
  cross join lateral jsonb_array_elements(m.data->'wireless_clients') as client
  where m.topic = 'monitoring'
    and (data ? 'aps' or data ? 'switches' or data ? 'mobility_controllers' or data ? 'wireless_clients')
  union all
  select m."time", m.customer_id, details->>'mac_address', details->>'client_name',
    details->>'user_name', m.data->'client_state'->>'wlan_name', details->>'ipv4'
  from aruba_stream m
  cross join lateral (select m.data->'client_state'->'client_details') as state (details)
  where m.topic = 'clients-events' and details is not null
) as clients
order by customer_id, mac, "time" desc;

-- Which access point hears which client, and how strong.
create or replace view client_heard as
select heard."time", heard.customer, coalesce(heard.ap_name, ap.name, heard.serial) as access_point,
  heard.mac, client.name as client, client.username, heard.dbm, heard.connected
from (
  select m."time", m.customer, m.customer_id, station->>'device_id' as serial, null as ap_name,
    station->'sta_eth_mac'->>'addr' as mac, (station->>'rssi_val')::int as dbm,
    (station->>'associated')::boolean as connected
  from aruba_stream m
  cross join lateral (values (m.data->'pa_rssi_event'->'rssi'),
    (m.data->'pa_proximity_event'->'proximity')) as list (stations)
  cross join lateral jsonb_array_elements(stations) as station
  where m.topic = 'presence'
  union all
  select m."time", m.customer, m.customer_id, station->>'ap_serial', station->>'ap_name',
    station->>'client_mac', (station->>'rssi_val')::int, (station->>'associated')::boolean
  from aruba_stream m
  cross join lateral (values (m.data->'raw_rssi'), (m.data->'proximity_rssi')) as list (station)
  where m.topic = 'rssi-events' and station is not null
) as heard
left join device_name ap on ap.customer_id = heard.customer_id and ap.serial = heard.serial
left join client_name client
  on client.customer_id = heard.customer_id and client.mac = heard.mac;

-- Connected clients by access point and signal.
create or replace view client_signal as
select m."time", m.customer, coalesce(ap.name, stat->>'device_id') as access_point,
  stat->'macaddr'->>'addr' as mac, client.name as client, client.username, client.network,
  (stat->>'signal_in_db')::int as signal_db, (stat->>'snr')::int as snr_db,
  (stat->>'speed')::int as mbit
from aruba_stream m
cross join lateral jsonb_array_elements(m.data->'client_stats') as stat
left join device_name ap on ap.customer_id = m.customer_id and ap.serial = stat->>'device_id'
left join client_name client
  on client.customer_id = m.customer_id and client.mac = stat->'macaddr'->>'addr'
where m.topic = 'monitoring';

-- Devices that went down or came up. `before` is empty for the first state that is known.
create or replace view device_up_down as
select "time", customer, kind, name, serial, before, status
from (
  select *, lag(status) over (partition by customer, serial order by "time") as before
  from device_state where status is not null
) as states
where status is distinct from before;

-- Who changed what.
create or replace view change as
select "time", customer, data->>'username' as username, data->'client_ip'->>'addr' as ip,
  data->>'service' as service, data->>'group_name' as group_name, data->>'target' as target,
  info->>'data' as what, info->>'detailed_data' as detail
from aruba_stream
cross join lateral (
  select coalesce(data->'config_info', data->'firmware_info', data->'dm_info') as info
) as infos
where topic = 'audit'
union all
select "time", customer, data->>'source', data->>'ip_address', data->>'service_name', null,
  data->>'destination', data->>'description', (data->'log_details'->'changed_fields')::text
from aruba_stream where topic = 'audit-trail-events';
