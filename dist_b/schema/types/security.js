// Generated from proto/ by scripts/generate-types.ts; not to be edited.
export {};
