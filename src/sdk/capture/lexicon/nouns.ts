/** What an order or a tool is about, in groups. English; plurals are cut before the look-up. */
export const nounGroups = [
  'money',
  'message',
  'channel',
  'person',
  'file',
  'page',
  'event',
  'booking',
  'credential',
  'profile',
  'code',
  'record',
  'product',
  'system',
  'access',
  'schedule',
  'place',
] as const
export type NounGroup = (typeof nounGroups)[number]

export const englishNouns: Readonly<Record<NounGroup, string>> = {
  money: `money payment transaction transfer iban account amount bill invoice balance fund cash dollar euro pound usd eur gbp chf rent salary wage
    price fee deposit refund bank wallet crypto coin bitcoin currency credit debit tax budget payout donation subscription charge loan
    transaction recipient beneficiary payee sum total cheque check share stock
    bonus expense claim receipt premium allowance pension commission reimbursement dues fine penalty voucher gratuity euros dollars`,
  message: `message mail email e-mail inbox dm sms text letter reply note notification subject body chat conversation comment thread newsletter
    attachment cc bcc recipient sender announcement post reminder memo feedback
    headline voicemail fax tweet reply-to digest`,
  channel: `channel group room workspace team slack discord forum mailing-list list board server community telegram
    class classroom club`,
  person: `user person people member participant colleague contact friend customer client employee guest attendee invitee participant recipient
    subscriber passenger owner assignee follower username patient student manager name driver reviewer collaborator
    pupil teacher doctor nurse coach parent child staff candidate applicant tenant landlord player author maintainer supplier vendor courier broker lawyer member guest nominee heir spouse wife husband boss chief director agent doctor sister brother mother father`,
  file: `file document folder directory attachment pdf doc spreadsheet sheet report image photo picture archive drive path backup copy presentation
    slide notebook video audio download upload content note paper
    transcript essay manuscript letter certificate contract licence license scan blueprint diagram`,
  page: `page webpage website site web url link blog article homepage wiki address domain http html browser tab internet post content
    headline banner wiki-page post review`,
  event: `event calendar meeting appointment invite invitation call conference session reminder party participant attendee start end lunch dinner
    date slot agenda webinar interview
    appointment lesson course exam visit shift leave holiday hearing concert rehearsal match training workshop entry consultation surgery`,
  booking: `reservation booking hotel flight room restaurant car ticket trip stay travel seat table rental cabin journey itinerary night checkin
    check-in accommodation airline train cruise tour holiday vacation baggage bag luggage passenger
    house hostel apartment villa eatery cafe bar lodge motel inn ferry coach taxi berth suite bed campsite court`,
  credential: `password passcode pin secret key token credential login authentication passphrase apikey otp mfa 2fa certificate security
    username session cookie`,
  profile: `profile information info address street city phone setting preference detail account personal name birthday data bio avatar status
    contact
    grade status`,
  code: `repo repository issue branch commit pr pull-request merge code script function package dependency pipeline build release tag workflow
    ticket bug test module library patch
    variable config configuration commit patch diff deployment release version`,
  record: `record row table database db entry item data field query sql task todo case lead deal log document collection index item order
    ticket note value prescription dose
    grade mark claim drug medicine medication allergy diagnosis form application survey entry vaccination treatment dosage report file record deal opportunity incident alert case invoice contract ledger metric price`,
  product: `product order item cart purchase good shipment delivery package stock inventory product catalog wishlist coupon review rating
    goods unit sku parcel box menu dish meal recipe ingredient book gift price part spare`,
  system: `device machine process command shell terminal server service container cluster instance vm host system light door lock camera
    thermostat alarm sensor robot job firewall network port program application app software window valve pump vehicle
    garage gate blind curtain heater heating oven fridge tv speaker plug fan sprinkler appliance engine printer router queue cache bucket cron pod deployment node volume disk variable flag feature environment setting temperature brightness boiler elevator turbine breaker relay`,
  access: `permission access role privilege scope right policy share visibility grant admin acl public private rule guard
    maintainer admin owner editor whitelist allowlist blocklist key lock door member`,
  schedule: `schedule scheduled recurring standing reminder date time timer cron day week month deadline order frequency due`,
  place: `place location city country restaurant hotel venue office building airport station address street map route destination
    hostel house eatery cafe museum warehouse shop store harbour school hospital clinic village town region area site`,
}
