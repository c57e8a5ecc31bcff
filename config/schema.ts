import { Type, type Static, type TSchema } from 'typebox'

/**
 * Every setting an operator may change, each declared once: type, default, bounds and what changing it does.
 * The loader, the environment variable names, the sample file and the documentation are derived from here.
 *
 * Units are part of the name where a number has one (`Ms`, `Seconds`, `Bytes`, `Bps`).
 * `path: true` makes a text absolute, seen from the working directory; `secret: true` keeps a value from ever being printed;
 * `knownAs` is the environment variable that the rest of the world uses for it; ours comes before it.
 */

/** `codec[=name]` short names for `media.codecs`; their RTP parameters are in codecs.ts. */
export const codecNames = ['opus', 'vp8', 'vp9', 'h264', 'h264-high', 'av1'] as const
export type CodecName = (typeof codecNames)[number]

const group = <P extends Record<string, TSchema>>(description: string, properties: P) =>
  Type.Object(properties, { description, default: {}, additionalProperties: false })

const oneOf = <const T extends readonly string[]>(
  values: T,
  options: { default?: T[number]; description?: string },
) => Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...options })

export const workerLogTags = [
  'info', 'ice', 'dtls', 'rtp', 'srtp', 'rtcp', 'rtx', 'bwe', 'score', 'simulcast', 'svc', 'sctp', 'message',
] as const // prettier-ignore

export const settings = Type.Object(
  {
    mode: oneOf(['development', 'production'], {
      default: 'development',
      description:
        'development: open rooms, loopback addresses only. production: listens on all addresses and refuses guests unless rooms.guests allows them.',
    }),
    dataDir: Type.String({
      default: './data',
      minLength: 1,
      path: true,
      description:
        'Folder for everything Sluice writes: certificates of its own, recordings, the embedded database.',
    }),

    http: group('The web server: REST, WebSocket signaling and the web app on one port.', {
      host: Type.String({
        default: '',
        description:
          'Address to listen on. Empty means 127.0.0.1 in development and all addresses (::) in production.',
      }),
      port: Type.Integer({
        default: 4443,
        minimum: 0,
        maximum: 65535,
        description: 'TCP port. 0 lets the system choose one (tests do that).',
      }),
      tlsCert: Type.String({
        default: '',
        path: true,
        description:
          'Path of a PEM certificate chain. With tlsKey it turns on HTTPS; leave both empty behind a TLS proxy.',
      }),
      tlsKey: Type.String({
        default: '',
        path: true,
        description: 'Path of the PEM private key of tlsCert.',
      }),
      publicUrl: Type.String({
        default: '',
        description:
          'The URL people use, when it differs from host and port (behind a proxy). Its origin may open WebSockets.',
      }),
      corsOrigins: Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        description:
          'Other origins (scheme://host[:port]) whose pages may use REST and WebSocket, for an embedded SDK. "*" allows any page.',
      }),
      trustProxy: Type.Boolean({
        default: false,
        description: 'Believe X-Forwarded-For and -Proto. Turn on only behind a proxy that overwrites them.',
      }),
    }),

    database: group('Where accounts, keys and meetings are kept.', {
      url: Type.String({
        default: '',
        secret: true,
        knownAs: 'DATABASE_URL',
        description:
          'PostgreSQL (13 or newer): postgres://user:password@host:5432/database. Empty uses the embedded database in dataDir, which serves one process.',
      }),
    }),

    auth: group('Who may enter: API keys and room tokens (docs/tokens.md).', {
      encryptionKey: Type.String({
        default: '',
        secret: true,
        description:
          'Encrypts the secrets of API keys in the database: 64 hexadecimal digits (openssl rand -hex 32). Empty uses dataDir/secret.key, which is made at the first start. Hosts that share a database need the same one; whoever loses it has to make new API keys.',
      }),
      tokenMaxSeconds: Type.Integer({
        default: 86_400,
        minimum: 60,
        maximum: 31_536_000,
        description:
          'Longest life of a room token, from when it was signed until it expires. Higher lets backends hand out tokens long before a meeting; a token that leaks is good for as long.',
      }),
      signingKeyDays: Type.Integer({
        default: 30,
        minimum: 1,
        maximum: 3650,
        description:
          'A new key signs access tokens after so many days; the one before stays in /.well-known/jwks.json until its last token is over.',
      }),
    }),

    accounts: group('People who log in: the web app and the REST API.', {
      registration: oneOf(['auto', 'open', 'invited', 'closed'], {
        default: 'auto',
        description:
          'Who may register. open: anybody, with the role defaultRole. invited: only addresses that an admin made an account for or that are invited to a meeting; those become members. closed: nobody; admins make the accounts. auto is open in development and invited in production, where strangers would otherwise hold meetings at your cost.',
      }),
      defaultRole: oneOf(['host', 'member'], {
        default: 'host',
        description:
          'Role of who registers by themselves: a host may create meetings, a member only takes part.',
      }),
      verifyEmail: Type.Boolean({
        default: true,
        description:
          'Who registers has to open a link in a mail before they can log in. Off needs no mail server, and lets anybody register with the address of somebody else. With issuer: whether the issuer must have verified the address.',
      }),
      passwords: oneOf(['auto', 'on', 'off'], {
        default: 'auto',
        description: 'Whether this server has passwords of its own. auto: unless issuer is set.',
      }),
      passwordMinLength: Type.Integer({
        default: 10,
        minimum: 8,
        maximum: 64,
        description: 'Fewest characters of a password. Length is what makes one hard to guess.',
      }),
      accessMinutes: Type.Integer({
        default: 15,
        minimum: 1,
        maximum: 1440,
        description:
          'Life of an access token. Logging out and disabling an account take effect here at once, whatever this is; other programs that check our tokens by the JWKS notice after so long.',
      }),
      sessionDays: Type.Integer({
        default: 7,
        minimum: 1,
        maximum: 365,
        description: 'A log-in ends when it was not used for so long.',
      }),
      sessionsPerAccount: Type.Integer({
        default: 50,
        minimum: 1,
        maximum: 1000,
        description: 'Log-ins of one account at a time. One more ends the one that was not used for longest.',
      }),
      issuer: Type.String({
        default: '',
        description:
          'Address of an OpenID Connect issuer (https://login.example.org/realms/team): people log in there instead of with a password of ours, and REST takes its tokens. Needs clientId. Its redirect URI is <http.publicUrl>/api/v1/auth/external/callback.',
      }),
      issuerName: Type.String({
        default: '',
        description: 'What the log-in button calls the issuer. Empty: its host name.',
      }),
      clientId: Type.String({ default: '', description: 'The name this server has at the issuer.' }),
      clientSecret: Type.String({
        default: '',
        secret: true,
        description: 'Its secret there. Empty for a public client (PKCE is used in any case).',
      }),
      audience: Type.String({
        default: '',
        description:
          'What `aud` of tokens of the issuer must be for REST to take them as bearer tokens. Empty: clientId.',
      }),
      adminClaim: Type.String({
        default: '',
        description:
          'Who is an admin, by a claim of the issuer: groups=sluice-admins makes those admins whose claim groups is or contains sluice-admins, and nobody else. Empty: roles are given here.',
      }),
    }),

    audit: group('The audit log: who did what, for admins.', {
      days: Type.Integer({
        default: 365,
        minimum: 1,
        maximum: 36_500,
        description: 'Entries are deleted after so many days.',
      }),
    }),

    mail: group('Mail to people: to verify addresses, reset passwords, invite to meetings.', {
      smtpUrl: Type.String({
        default: '',
        secret: true,
        description:
          'The mail server: smtps://user:password@host:465 (TLS from the start), or smtp://host:587 (TLS as soon as the server offers it, and always when there is a password; ?ignoreTLS=true for one on a private network that has none). Characters such as @ and / of a password are percent-encoded. Empty: in development mails are kept in dataDir/mails and shown on this machine at /mails; in production there are none, and whatever needs one is refused.',
      }),
      from: Type.String({
        default: '',
        description: 'Who mails are from: Sluice <meet@example.org>. Needed with smtpUrl.',
      }),
    }),

    meetings: group('Scheduled and instant meetings.', {
      openMinutesBefore: Type.Integer({
        default: 15,
        minimum: 0,
        maximum: 10_080,
        description:
          'Participants may enter a scheduled meeting so many minutes before its start. Hosts may at any time.',
      }),
      endAfterEmptyMinutes: Type.Integer({
        default: 10,
        minimum: 0,
        maximum: 1440,
        description:
          'A meeting that everybody left ends after so many minutes, a scheduled one not before its scheduled end. Higher keeps the meeting open over longer breaks.',
      }),
      endUnattendedMinutes: Type.Integer({
        default: 60,
        minimum: 1,
        maximum: 10_080,
        description:
          'A meeting that nobody came to ends so many minutes after its scheduled end, or after it was made when it has no schedule.',
      }),
      maxHours: Type.Integer({
        default: 24,
        minimum: 1,
        maximum: 720,
        description: 'A meeting that runs for so long is ended.',
      }),
      tickSeconds: Type.Integer({
        default: 10,
        minimum: 1,
        maximum: 30,
        description:
          'How often is looked for meetings and calls whose time is over. Lower ends them more exactly, for one small query each time.',
      }),
    }),

    calls: group('Instant calls between accounts.', {
      ringSeconds: Type.Integer({
        default: 45,
        minimum: 5,
        maximum: 600,
        description: 'A call that nobody answers for so long has failed.',
      }),
    }),

    recordings: group('Recording of rooms and meetings, and what is made of it.', {
      enabled: Type.Boolean({
        default: true,
        description: 'Whether anything may be recorded. Off keeps what was recorded, and refuses new ones.',
      }),
      notice: Type.String({
        default: 'This call is being recorded.',
        minLength: 1,
        maxLength: 2000,
        description: 'What everybody in a room is told while it is recorded, those who come later too.',
      }),
      endNotice: Type.String({
        default: 'The recording has ended.',
        minLength: 1,
        maxLength: 2000,
        description: 'What clients of mediasoup-demo, which know only texts, are told when that is over.',
      }),
      consent: oneOf(['notice', 'ask'], {
        default: 'notice',
        description:
          'notice: everybody is told and recorded. ask: nobody is recorded before they agreed; clients that cannot ask are not recorded.',
      }),
      recordUntold: Type.Boolean({
        default: false,
        description:
          'Whether people are recorded whose client cannot be told (one of mediasoup-demo that takes no data channels), where consent is notice. Turn it on only if they know in another way.',
      }),
      maxConcurrent: Type.Integer({
        default: 20,
        minimum: 1,
        maximum: 1000,
        description: 'Most rooms recorded at the same time. One more is refused.',
      }),
      maxCpu: Type.Number({
        default: 0.7,
        minimum: 0.05,
        maximum: 1,
        description:
          'A recording that would take the recorder above this share of one core is refused. The recorder has one core; above 0.8 files begin to have holes.',
      }),
      minFreeMegabytes: Type.Integer({
        default: 2048,
        minimum: 16,
        maximum: 100_000_000,
        description:
          'Recordings end by themselves before less than this is free on the disk of dataDir, and none begins below twice of it.',
      }),
      maxHours: Type.Integer({
        default: 24,
        minimum: 1,
        maximum: 168,
        description: 'A recording that goes on for so long is ended.',
      }),
      emptySeconds: Type.Integer({
        default: 120,
        minimum: 5,
        maximum: 86_400,
        description: 'A recording of a room in which nobody has been for so long ends.',
      }),
      keepDays: Type.Integer({
        default: 0,
        minimum: 0,
        maximum: 36_500,
        description: 'Recordings are deleted so many days after they ended. 0 keeps them.',
      }),
      attendees: oneOf(['nothing', 'watch', 'download'], {
        default: 'watch',
        description:
          'What people with an account who were in a recorded meeting, and its invitees, may do with the recording. Its host and admins may do everything.',
      }),
      output: oneOf(['video', 'audio', 'none'], {
        default: 'video',
        description:
          'What is made of each recording by itself. none: only the tracks; the rest when it is asked for.',
      }),
      layout: oneOf(['grid', 'speaker', 'screen'], {
        default: 'grid',
        description: 'How that video shows people, unless somebody asks for another.',
      }),
      size: oneOf(['640x360', '1280x720', '1920x1080'], {
        default: '1280x720',
        description: 'Pixels of that video. 1920x1080 takes about twice the time.',
      }),
      jobs: Type.Integer({
        default: 1,
        minimum: 1,
        maximum: 64,
        description:
          'How many videos are made at the same time. Each takes up to two cores, at the lowest priority.',
      }),
      jobAttempts: Type.Integer({
        default: 3,
        minimum: 1,
        maximum: 20,
        description: 'How often making a video is tried before it is called failed.',
      }),
    }),

    storage: group('Where recordings are kept: the data folder, or S3 and whatever speaks its API.', {
      kind: oneOf(['disk', 's3'], {
        default: 'disk',
        description: 'disk: in dataDir. s3: in a bucket, uploaded while recording.',
      }),
      bucket: Type.String({ default: '', description: 'Name of the bucket. Needed for s3.' }),
      region: Type.String({
        default: 'us-east-1',
        minLength: 1,
        knownAs: 'AWS_REGION',
        description: 'Region of the bucket.',
      }),
      endpoint: Type.String({
        default: '',
        knownAs: 'AWS_ENDPOINT_URL_S3',
        description: 'URL of a service that is not Amazon’s, such as http://127.0.0.1:9000.',
      }),
      publicEndpoint: Type.String({
        default: '',
        description: 'The same as browsers reach it, where that differs: links are made for it.',
      }),
      pathStyle: Type.Boolean({
        default: false,
        description:
          'Put the bucket into the path and not into the host name. Most services besides Amazon’s need it.',
      }),
      accessKeyId: Type.String({
        default: '',
        knownAs: 'AWS_ACCESS_KEY_ID',
        description:
          'Left empty, the credentials are found as the AWS tools find them: profile, container, machine.',
      }),
      secretAccessKey: Type.String({
        default: '',
        secret: true,
        knownAs: 'AWS_SECRET_ACCESS_KEY',
        description: 'Belongs to accessKeyId.',
      }),
      sessionToken: Type.String({
        default: '',
        secret: true,
        knownAs: 'AWS_SESSION_TOKEN',
        description: 'Belongs to accessKeyId, where it is a temporary one.',
      }),
      keyTemplate: Type.String({
        default: 'recordings/{year}/{month}/{recordingId}',
        minLength: 1,
        maxLength: 512,
        description:
          'Key of a recording’s objects, without the file name. {recordingId} is needed; {year}, {month}, {day} (UTC, of its start), {roomId} and {meetingId} are filled in.',
      }),
      encryption: oneOf(['none', 'AES256', 'aws:kms'], {
        default: 'none',
        description: 'Server-side encryption that is asked for. none: as the bucket is set.',
      }),
      kmsKeyId: Type.String({ default: '', description: 'Key for aws:kms. Empty: the one of the account.' }),
      partMegabytes: Type.Integer({
        default: 8,
        minimum: 5,
        maximum: 512,
        description: 'Size of the parts that large files are uploaded in. An object has at most 10000.',
      }),
      delivery: oneOf(['redirect', 'server'], {
        default: 'redirect',
        description:
          'How people get files from a bucket. redirect: by a link to it that is valid for linkSeconds. server: through this server, where browsers cannot reach the bucket.',
      }),
      linkSeconds: Type.Integer({
        default: 900,
        minimum: 10,
        maximum: 604_800,
        description: 'How long such a link opens. A player that pauses for longer asks for another.',
      }),
      keepLocalHours: Type.Integer({
        default: 1,
        minimum: 0,
        maximum: 87_600,
        description: 'How long files stay on this server, too, after the bucket has all of them, verified.',
      }),
    }),

    log: group('Logs: JSON lines on standard output.', {
      level: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
        default: 'info',
        description:
          'Lowest level written. debug adds HTTP requests and refused messages, trace every message of every peer.',
      }),
      pretty: oneOf(['auto', 'always', 'never'], {
        default: 'auto',
        description: 'Coloured lines for people instead of JSON. auto: when standard output is a terminal.',
      }),
    }),

    workers: group('mediasoup worker processes: the media. One core each.', {
      count: Type.Integer({
        default: 0,
        minimum: 0,
        maximum: 256,
        description:
          'Number of workers. 0 means one per core this process may use (CPU set and quota respected) less keepFree. More workers than cores only adds switching.',
      }),
      cores: Type.Array(Type.Integer({ minimum: 0, maximum: 1023 }), {
        default: [],
        description: 'Cores to pin workers to, in order. Empty means every core this process may use.',
      }),
      keepFree: Type.Integer({
        default: 0,
        minimum: 0,
        maximum: 255,
        description:
          'Cores left without a worker, for signaling, recording and the rest of the machine. Raise it where recording runs on the same host: the recorder and FFmpeg then keep to these cores.',
      }),
      pin: Type.Boolean({
        default: true,
        description:
          'Pin each worker to its core (Linux). Off lets the kernel move workers, which costs cache misses but shares better with other programs.',
      }),
      portBase: Type.Integer({
        default: 44444,
        minimum: 0,
        maximum: 65535,
        description:
          'Worker n takes UDP and TCP port portBase + n. Open these in the firewall. 0 lets the system choose (tests).',
      }),
      listen: Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        description:
          'Addresses media is received on, each as address or address=announced, where announced is the IPv4, IPv6 or DNS name (resolved at start) that browsers reach it by: 0.0.0.0=203.0.113.7. Empty means 127.0.0.1 in development (Firefox sends no media there: start with --lan for it); in production 0.0.0.0 announced as this host’s first public, else first private address.',
      }),
      logLevel: oneOf(['debug', 'warn', 'error', 'none'], {
        default: 'warn',
        description: 'What the worker processes log. debug is loud: use with logTags.',
      }),
      logTags: Type.Array(oneOf(workerLogTags, {}), {
        default: ['info', 'ice', 'dtls'],
        description: 'Subjects the workers log at debug level.',
      }),
      refuseAbove: Type.Number({
        default: 0.85,
        minimum: 0.1,
        maximum: 10,
        description:
          'No new room is placed on a worker whose measured CPU load (1 is a whole core) is at least this. When all are above, new rooms are refused, so that people in rooms do not suffer. Lower leaves more room for calls to grow.',
      }),
      loadSampleMs: Type.Integer({
        default: 2000,
        minimum: 100,
        maximum: 60000,
        description:
          'Milliseconds between two measurements of CPU time per worker. Lower reacts faster and costs a request per worker.',
      }),
      hungSeconds: Type.Integer({
        default: 20,
        minimum: 0,
        maximum: 600,
        description:
          'A worker that answers nothing for this long is killed and replaced; its rooms are told to come back. Lower ends a hang sooner, but must outlast the worst stall of a busy worker. 0 turns it off.',
      }),
      restartBackoffMaxMs: Type.Integer({
        default: 10000,
        minimum: 0,
        maximum: 600000,
        description:
          'A worker that dies at once after every start is started again at growing intervals, at most this long.',
      }),
    }),

    media: group('Codecs and bitrates.', {
      codecs: Type.Array(oneOf(codecNames, {}), {
        default: ['opus', 'vp8', 'vp9', 'h264', 'av1'],
        minItems: 1,
        uniqueItems: true,
        description:
          'Codecs a room offers, best liked first: publishers use the first one that their browser has. opus is required for audio.',
      }),
      opusFec: Type.Boolean({
        default: true,
        description:
          'Opus in-band error correction: survives single losses for about 20 % more audio bitrate.',
      }),
      opusDtx: Type.Boolean({
        default: true,
        description: 'Opus sends almost nothing in silence. Saves most of the audio traffic of large rooms.',
      }),
      initialOutgoingBps: Type.Integer({
        default: 1_000_000,
        minimum: 100_000,
        maximum: 100_000_000,
        description:
          'Bits per second assumed towards a new receiver until measured. Higher shows sharp video sooner, and floods thin links at first.',
      }),
      maxIncomingBps: Type.Integer({
        default: 6_000_000,
        minimum: 0,
        maximum: 1_000_000_000,
        description:
          'Bits per second one publisher may send (it is told so by REMB or transport feedback). 0 means no limit.',
      }),
      maxOutgoingBps: Type.Integer({
        default: 0,
        minimum: 0,
        maximum: 1_000_000_000,
        description: 'Bits per second one receiver may be sent; layers are chosen to fit. 0 means no limit.',
      }),
      preferTcp: Type.Boolean({
        default: false,
        description: 'Offer TCP before UDP. Only for networks whose UDP is worse than none.',
      }),
      iceConsentSeconds: Type.Integer({
        default: 20,
        minimum: 0,
        maximum: 60,
        description:
          'A transport from which nothing proves to be alive for this long is lost and its peer is closed. Higher survives longer gaps, and keeps ghosts longer. 0 turns it off.',
      }),
      maxDataMessageBytes: Type.Integer({
        default: 262_144,
        minimum: 1024,
        maximum: 1_048_576,
        description: 'Largest data channel message, in bytes.',
      }),
    }),

    rooms: group('Life of rooms and sessions.', {
      guests: oneOf(['auto', 'allow', 'refuse'], {
        default: 'auto',
        description:
          'Who has no token may enter rooms (allow) or not (refuse). auto allows it in development mode only.',
      }),
      firstGuestModerates: Type.Boolean({
        default: true,
        description:
          'Where guests may enter, the guest who opens a room moderates it; when no moderator is left, the guest who is there longest does. Off leaves moderating to people whose token grants it.',
      }),
      emptySeconds: Type.Integer({
        default: 20,
        minimum: 0,
        maximum: 86_400,
        description:
          'A room that was opened and that nobody joined closes after this long. Higher lets backends open rooms earlier; an empty room costs one router.',
      }),
      departureSeconds: Type.Integer({
        default: -1,
        minimum: -1,
        maximum: 86_400,
        description:
          'A room closes this long after its last peer left. Higher lets people come back to the same room. -1 is as long as emptySeconds.',
      }),
      joinSeconds: Type.Integer({
        default: 120,
        minimum: 5,
        maximum: 3600,
        description:
          'A connection that has not joined by then is closed. Must outlast a slow answer to the browser’s permission prompt.',
      }),
      requestSeconds: Type.Integer({
        default: 20,
        minimum: 1,
        maximum: 120,
        description:
          'How long a client may take to answer a request of the server, such as newConsumer, before the consumer is closed.',
      }),
      pingSeconds: Type.Integer({
        default: 10,
        minimum: 1,
        maximum: 120,
        description:
          'Interval of WebSocket pings. A socket that leaves one unanswered for a whole interval is closed.',
      }),
      audioLevelMs: Type.Integer({
        default: 800,
        minimum: 100,
        maximum: 5000,
        description:
          'Interval of speakingPeers notifications. Lower animates better and costs messages to every peer.',
      }),
    }),

    limits: group(
      'What one client, peer or room may use. Past a limit the client gets the error limit-exceeded that names it.',
      {
        messageBytes: Type.Integer({
          default: 262_144,
          minimum: 16_384,
          maximum: 960_000,
          description: 'Largest signaling message. A larger one closes its socket.',
        }),
        messagesPerSecond: Type.Integer({
          default: 50,
          minimum: 5,
          maximum: 10_000,
          description: 'Signaling messages per second and socket, on average. Above it requests are refused.',
        }),
        messageBurst: Type.Integer({
          default: 300,
          minimum: 10,
          maximum: 100_000,
          description:
            'Messages a socket may send at once before the average counts. Joining a large room needs some.',
        }),
        bufferedBytes: Type.Integer({
          default: 4_194_304,
          minimum: 262_144,
          maximum: 268_435_456,
          description:
            'Bytes that may wait for a slow reader, besides the largest message among them, before its socket is closed.',
        }),
        connectionsPerAddress: Type.Integer({
          default: 200,
          minimum: 1,
          maximum: 1_000_000,
          description: 'Open WebSockets per client address. Remember that a school may sit behind one.',
        }),
        connectionsPerSecond: Type.Integer({
          default: 20,
          minimum: 1,
          maximum: 100_000,
          description:
            'New WebSockets per second and client address, after as many at once as connectionsPerAddress allows.',
        }),
        requestsPerMinute: Type.Integer({
          default: 3000,
          minimum: 10,
          maximum: 10_000_000,
          description:
            'REST requests per minute and client address. A school or a backend behind one address needs more; logging in has tighter limits of its own.',
        }),
        requestsPerMinutePerCaller: Type.Integer({
          default: 1200,
          minimum: 10,
          maximum: 10_000_000,
          description: 'REST requests per minute of one account or API key.',
        }),
        loginsPerMinute: Type.Integer({
          default: 10,
          minimum: 1,
          maximum: 100_000,
          description:
            'Log-ins per minute with one e-mail address, right or wrong. Higher helps whoever guesses passwords.',
        }),
        loginsPerMinutePerAddress: Type.Integer({
          default: 60,
          minimum: 1,
          maximum: 1_000_000,
          description:
            'Log-ins per minute and client address. A school behind one address needs more at eight in the morning.',
        }),
        mailsPerHourPerAddress: Type.Integer({
          default: 20,
          minimum: 1,
          maximum: 1_000_000,
          description:
            'Requests per hour and client address that send a mail: registering, forgotten passwords. Each mail address gets at most 3 in 15 minutes.',
        }),
        rooms: Type.Integer({
          default: 1000,
          minimum: 1,
          maximum: 1_000_000,
          description: 'Rooms open at once on this server.',
        }),
        peersPerRoom: Type.Integer({
          default: 200,
          minimum: 1,
          maximum: 100_000,
          description: 'Peers in one room.',
        }),
        lobbySize: Type.Integer({
          default: 100,
          minimum: 1,
          maximum: 100_000,
          description: 'People who wait to be let into one room. Each costs a WebSocket and no media.',
        }),
        transportsPerPeer: Type.Integer({
          default: 4,
          minimum: 2,
          maximum: 100,
          description: 'WebRTC transports of one peer. Two are enough for one session.',
        }),
        producersPerPeer: Type.Integer({
          default: 16,
          minimum: 1,
          maximum: 1000,
          description: 'Audio and video producers of one peer.',
        }),
        consumersPerPeer: Type.Integer({
          default: 1000,
          minimum: 1,
          maximum: 100_000,
          description: 'Audio and video consumers of one peer.',
        }),
        dataProducersPerPeer: Type.Integer({
          default: 16,
          minimum: 0,
          maximum: 1000,
          description: 'Data producers of one peer.',
        }),
        dataConsumersPerPeer: Type.Integer({
          default: 2000,
          minimum: 0,
          maximum: 100_000,
          description: 'Data consumers of one peer.',
        }),
        meetingInvitees: Type.Integer({
          default: 500,
          minimum: 0,
          maximum: 10_000,
          description: 'People invited to one meeting, and called in one call.',
        }),
        meetingMailsPerHour: Type.Integer({
          default: 1000,
          minimum: 0,
          maximum: 1_000_000,
          description:
            'Mails per hour about the meetings of one host (invitations, changes, cancellations). Past it, what would send more is refused.',
        }),
        meetingsPerHost: Type.Integer({
          default: 1000,
          minimum: 1,
          maximum: 1_000_000,
          description: 'Meetings of one account that are scheduled or live. API keys are not counted.',
        }),
        nameLength: Type.Integer({
          default: 128,
          minimum: 8,
          maximum: 1024,
          description: 'Characters in a display name, room id or peer id.',
        }),
        metadataBytes: Type.Integer({
          default: 4096,
          minimum: 0,
          maximum: 65_536,
          description: 'JSON bytes of the metadata of a peer or producer.',
        }),
      },
    ),
  },
  { additionalProperties: false },
)

/** The whole configuration, every default filled in; frozen by the loader. */
export type Config = Static<typeof settings>
export type HttpConfig = Config['http']
export type DatabaseConfig = Config['database']
export type AuthConfig = Config['auth']
export type AccountsConfig = Config['accounts']
export type MailConfig = Config['mail']
export type MeetingsConfig = Config['meetings']
export type LogConfig = Config['log']
export type WorkersConfig = Config['workers']
export type MediaConfig = Config['media']
export type RoomsConfig = Config['rooms']
export type LimitsConfig = Config['limits']
/** Names of limits, as they appear in the `limit` field of a `limit-exceeded` error. */
export type LimitName = keyof LimitsConfig
