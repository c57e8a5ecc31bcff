/** Colours of tiles without a picture: dark enough for white text on them, far apart for those who come one after another. */
const colours = [
  '#2f6f9f',
  '#9a4a2f',
  '#3f7d4e',
  '#7a4a9c',
  '#8a6a1f',
  '#a33f62',
  '#2f7c7c',
  '#54589f',
  '#6a7430',
  '#9c4a87',
  '#3d6b5e',
  '#8a5648',
] as const

/** Of the tile and the speaker marks of the person at this place in the order of the manifest. #rrggbb. */
export function tileColour(position: number): string {
  return colours[position % colours.length]!
}

/** Behind everything. */
export const groundColour = '#16181b'
/** Of tiles that belong to nobody: screens, and the one that counts those for whom there is no place. */
export const quietColour = '#24282d'
