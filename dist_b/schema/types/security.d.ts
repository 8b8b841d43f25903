import type { BytesText } from '../value-types.js';
export type RapidsStreamingEvent = {
    cust_id?: string;
    rogue?: RogueEvent[];
    idsEvent?: WIDSEvent[];
};
export type RogueEvent = {
    rogue_id?: MacAddress;
    classification?: number;
    first_seen?: string;
    last_seen?: string;
    rogue_name?: string;
    ssid?: string;
    lan_mac?: string;
    first_det_device?: string;
    last_det_device?: string;
    encryption?: number;
    port?: string;
    containment_status?: string;
    mac_vendor?: string;
};
export type WIDSEvent = {
    device_id?: string;
    event_number?: number;
    event_type?: string;
    attack_type?: string;
    description?: string;
    detected_ap?: string;
    mac_addr?: MacAddress;
    radio_band?: string;
    level?: string;
};
export type MacAddress = {
    /** 6 raw bytes. */
    addr?: BytesText;
};
