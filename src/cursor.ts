/** What a terminal takes to hide its cursor, and to show it again. */
export const HIDE_CURSOR = '\x1b[?25l'
export const SHOW_CURSOR = '\x1b[?25h'
