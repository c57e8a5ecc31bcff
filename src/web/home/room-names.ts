/** Names of rooms: readable ones made of three short words, and what people type or paste read back. */

const qualities =
  'amber azure bold brave breezy bright brisk calm clear clever cool copper coral crisp deep early easy even fair fern fleet fresh gentle glad golden grand green happy hazel icy ivory jolly keen kind late leafy level light lively lucky lunar mellow merry mild misty neat noble olive open opal pale pearl plain proud quick quiet rapid ready rosy round rustic sandy shady silent silver sleek slow smooth snowy soft solar spry steady still stout sunny swift tall tawny tidy true upper vivid warm wide wild windy wise young'
const waters =
  'bank basin bay beach brook canal cape cascade channel cove creek current dam delta dock eddy estuary falls fjord flood ford gate geyser glacier gorge gulf harbor inlet island isthmus jetty lagoon lake lock marsh meadow mill moor mouth oasis pebble pier pond pool port quay rain rapids reef reservoir ridge rill ripple river sea shoal shore sound spring strait strand stream surf swell tide valley wash wave weir wharf willow'
const animals =
  'alder auk badger beaver bittern carp cedar clam coot crab crane cricket curlew dace dipper dove duck eel egret elder falcon finch fox frog gannet goose grebe gull hare hawk heron ibis jay kite koi lark linnet loon lynx marten martin minnow mole moth newt oak osprey otter owl perch petrel pike pine plover puffin quail rail raven reed robin rook rudd salmon seal shrew skua snail snipe sole stoat stork swan swift tench tern thrush toad trout turtle vole wagtail warbler wren'

const lists = [qualities, waters, animals].map((words) => words.split(' '))

function below(limit: number): number {
  const value = new Uint32Array(1)
  crypto.getRandomValues(value)
  return (value[0] ?? 0) % limit
}

/** About half a million names: enough not to meet by chance, not a secret. Rooms that matter need tokens. */
export function randomRoomName(pick: (limit: number) => number = below): string {
  return lists.map((words) => words[pick(words.length)]).join('-')
}

/** What the server accepts as a room id in an address. */
const allowed = /^[\p{L}\p{N}][\p{L}\p{N}._~-]{0,63}$/u

export const roomNameRule = 'A room’s name has letters, digits and dashes, up to 64 of them'

export function isRoomName(name: string): boolean {
  return allowed.test(name)
}

/** The room meant by something typed: a name, a path or a whole link. Spaces become dashes. */
export function readRoomName(text: string): string | undefined {
  const trimmed = text.trim()
  const path = /(?:^|\/)r\/([^/?#\s]+)/.exec(trimmed)?.[1]
  let name: string
  try {
    name = path === undefined ? trimmed : decodeURIComponent(path)
  } catch {
    return undefined
  }
  if (path === undefined) name = name.toLowerCase()
  name = name.trim().replace(/\s+/g, '-')
  return isRoomName(name) ? name : undefined
}

/** The host of a whole link that leads to another server than this one. */
export function hostElsewhere(text: string, here: string): string | undefined {
  const link = text.trim()
  if (!/^https?:\/\//i.test(link) || !URL.canParse(link)) return undefined
  const { host } = new URL(link)
  return host === here ? undefined : host
}
