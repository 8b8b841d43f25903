import type { BytesText, Int64Text } from '../value-types.js';
export type presence_event = {
    /** Milliseconds since the epoch. */
    timestamp?: Int64Text;
    customer_id?: string;
    event?: string;
    event_type?: presence_event_presence_event_type;
    pa_client_state?: pa_client_state;
    pa_rssi_event?: pa_rssi_event;
    pa_proximity_event?: pa_proximity_event;
};
/** A number where the schema has no name for it. */
export type presence_event_presence_event_type = 'client_state' | 'rssi' | 'proximity' | number;
export type pa_client_state = {
    presence_client_state?: presence_client_state[];
};
export type pa_rssi_event = {
    rssi?: rssi[];
};
export type pa_proximity_event = {
    proximity?: proximity[];
};
export type presence_client_state = {
    is_label?: boolean;
    label_id?: Int64Text;
    label_category_id?: Int64Text;
    state?: presence_client_state_client_state;
    is_associated?: boolean;
};
export type rssi = {
    sta_eth_mac?: mac_address;
    radio_mac?: mac_address;
    rssi_val?: number;
    noise_floor?: number;
    associated?: boolean;
    is_ap?: boolean;
    age?: number;
    device_id?: string;
    ap_eth_mac?: mac_address;
};
export type proximity = {
    device_id?: string;
    sta_eth_mac?: mac_address;
    radio_mac?: mac_address;
    rssi_val?: number;
    noise_floor?: number;
    associated?: boolean;
    ap_eth_mac?: mac_address;
};
/** A number where the schema has no name for it. */
export type presence_client_state_client_state = 'passerby' | 'visitor' | 'engaged' | number;
export type mac_address = {
    /** 12 hex digits in ASCII, upper case, no colons. */
    addr?: BytesText;
};
