/**
 * What an order can ask for, in groups that any tool's name can be compared with. A verb may be in several groups ("send" is a message
 * or a payment): the nouns decide. English base forms; other languages in files of their own.
 */
export const verbGroups = [
  'pay',
  'message',
  'publish',
  'create',
  'member',
  'remove',
  'update',
  'book',
  'read',
  'exec',
  'approve',
  'share',
  'collect',
  'transfer',
] as const
export type VerbGroup = (typeof verbGroups)[number]

export const englishVerbs: Readonly<Record<VerbGroup, string>> = {
  pay: `pay transfer wire remit refund reimburse repay settle donate deposit withdraw charge bill tip purchase buy invest send spend credit
    debit fund disburse compensate payout subsidize sponsor reward award bid stake swap top-up move dispatch forward shift route issue process
    make initiate execute submit authorize direct repatriate return lend loan
    wager gift bankroll underwrite advance clear honour honor discharge tender prepay overpay`,
  message: `send message mail email e-mail dm text notify tell inform write forward reply respond answer contact ping alert announce deliver
    dispatch relay transmit submit share pass communicate report convey drop ask remind warn call fax brief advise congratulate thank
    greet sms whatsapp slack cc bcc route ship shoot fire hand post broadcast say mention circulate distribute direct compose draft leave
    e-mail text-message signal radio page apologise apologize propose petition chat`,
  publish: `post publish upload tweet retweet share announce broadcast blog release deploy push expose submit display advertise promote
    recommend review rate comment syndicate paste leak disclose reveal circulate distribute place put print issue stream commit transmit
    air distribute feature list unveil serialise serialize republish repost host`,
  create: `create make add insert generate build new register schedule set start compose draft produce prepare file log append establish
    initiate spin provision write record define introduce plan arrange organize organise enter fork instantiate setup open form save store
    issue raise note put mint construct compile assemble attach init schedule duplicate craft design plant submit upload
    found author commission book jot sketch type pen key add-on produce mint originate provision instantiate enrol plan diarise diarize`,
  member: `add invite join enroll enrol enlist onboard include assign subscribe appoint grant admit register recruit bring introduce
    welcome put place connect link attach nominate promote import
    hire recruit seat accept enable deputise deputize elevate`,
  remove: `remove delete erase drop kick ban expel cancel revoke unsubscribe clear purge wipe trash discard destroy uninstall detach exclude
    evict terminate deactivate disable close archive unlink unshare unassign eliminate scrap void annul abort withdraw deregister dismiss fire
    block empty flush truncate rid strip unpublish suspend prune shred scrub nuke decommission retire undo call-off rescind take throw dump
    nix cull ditch junk retract unbook unpair expunge omit withdraw eject oust evict unfriend unsend recall recind cut obliterate bury reverse unfollow unsubscribe decline stop end close`,
  update: `update change modify edit alter adjust replace rename set reset rewrite revise amend correct switch redirect reschedule move
    configure enable assign increase decrease raise lower patch overwrite mark convert extend shorten rework shift swap put turn make toggle
    upgrade downgrade rotate reassign transform tweak fix refresh save sync map route point divert reroute substitute transition merge label tag
    extend postpone delay relabel refactor re-point retarget bump override unlock lock activate deactivate disable add apply rebook
    repair mend boost cut hike lift reduce double halve tune dial bump rewire re-route recode retitle relocate recategorize reclassify restore reconfigure move-up renew downgrade deactivate escalate deescalate reprioritise reprioritize dim brighten open close fill mute unmute pause resume prolong`,
  book: `book reserve schedule arrange rent hire order buy purchase secure plan organize organise lease charter confirm make hold rebook
    take pick
    block lease request claim schedule hold engage sign-up enrol join`,
  read: `get read fetch open visit view see check look list search find browse go navigate access load download retrieve show display
    summarize summarise inspect examine query lookup scan click follow describe review verify count watch monitor analyze analyse compare study
    head consult pull examine explore track obtain collect extract identify locate discover resolve return select calculate compute count
    think validate evaluate detect preview peek surf call hit request tail grep stat`,
  exec: `run execute launch start invoke call eval evaluate install compile trigger restart stop kill apply build test deploy perform reboot
    shutdown exec spawn source boot power activate do use type paste enter press click schedule dispatch fire halt operate control turn unlock
    mount chmod chown sudo curl wget bash disable enable
    arm disarm silence mute unmute ring release open close lock trip fire-up boot reset flash unblock jailbreak sideload load play pause resume arrest cancel stop set dim light`,
  approve: `approve accept confirm authorize authorise sign agree consent allow permit grant verify reject deny decline ratify endorse validate
    acknowledge vote certify clear ok pass admit whitelist allowlist trust unblock enable merge
    greenlight okay countersign sanction settle honour honor certify clear attest vouch`,
  share: `share grant give publish expose invite provide open hand lend delegate make allow permit unlock link
    disclose reveal export forward send open transfer`,
  collect: `copy export backup duplicate clone concatenate merge combine collect gather stitch aggregate compile dump join append bundle
    extract gather assemble consolidate pool scrape harvest archive zip compress`,
  transfer: `move transfer migrate copy relocate shift port forward upload download export import send hand switch redirect ship push pull
    carry
    route send relay convey hand-over deliver dispatch shift`,
}

/** Nouns that name a deed. */
export const deedNouns: Readonly<Record<VerbGroup, string>> = {
  pay: 'payment transfer transaction refund reimbursement donation deposit withdrawal purchase order payout disbursement bonus',
  message: 'message mail email call reply reminder notification announcement',
  create: 'creation registration entry note',
  publish: 'post publication announcement comment review',
  member: 'invitation invite member membership',
  remove: 'deletion removal cancellation revocation termination',
  update: 'change update modification adjustment edit',
  book: 'reservation booking order purchase appointment table',
  read: 'search query lookup',
  exec: 'run execution restart shutdown reboot',
  approve: 'approval confirmation authorization authorisation',
  share: 'share grant',
  collect: 'copy backup export',
  transfer: 'transfer move migration',
}

/** Past forms that no rule makes. */
export const irregularForms = `sent:send paid:pay made:make written:write wrote:write told:tell given:give gave:give bought:buy found:find got:get
  gotten:get taken:take took:take shown:show done:do did:do went:go gone:go ran:run seen:see saw:see brought:bring built:build left:leave held:hold
  put:put set:set read:read shut:shut withdrew:withdraw withdrawn:withdraw thought:think chosen:choose lent:lend spent:spend hidden:hide kept:keep
  said:say met:meet driven:drive thrown:throw overwritten:overwrite rewritten:rewrite undone:undo drawn:draw began:begin begun:begin paying:pay
  deleting:delete making:make writing:write moving:move sharing:share inviting:invite removing:remove creating:create scheduling:schedule
  reserving:reserve updating:update replacing:replace changing:change using:use giving:give taking:take including:include having:have`
