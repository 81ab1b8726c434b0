/**
 * German, French and Spanish: stems of verbs and nouns, matched at the start of a word (a word of these languages has too many
 * endings to list), and the words by which a sentence asks for something. All folded: no accents, `ß` as `ss`.
 */
import type { NounGroup } from './nouns.js'
import type { VerbGroup } from './verbs.js'

export const foreignVerbs: Readonly<Record<VerbGroup, string>> = {
  pay: `uberweis bezahl zahl begleich erstatt ruckerstatt spend transferi vire virez virer paie paye payez payer regle reglez rembours vers versez
    verser transfer transfier paga pagu pague pagar abon reembols deposit ingres compra compre kauf achet achete`,
  message: `sende sendet schick verschick schreib antwort mitteil teile benachrichtig informier kontaktier weiterleit leite melde maile mailt nachricht
    envoi envoy ecri ecriv repond informe prevenez previens contact transmet notifi
    envia envie enviar manda mande mandar escrib respond inform notifi contact reenvi`,
  publish: `veroffentlich poste postet publizier lade hochlad stell publi publie publiez postez poster affich partage mets mettez
    publica publiq publicar sube suba subir colga comparte`,
  create: `erstell leg anleg erzeug fug hinzufug trag eintrag generier cree creez creer ajout redig etabli genere
    crea cree crear anad agreg redact gener`,
  member: `lad einlad fug hinzufug nimm aufnehm invit ajout inscri invita invite invitar anad agreg inscrib`,
  remove: `losch entfern storn kundig widerruf beseitig tilg vernicht supprim efface retir annul enleve enlevez resili
    elimin borr quita quite cancel anul suprim revoc`,
  update: `ander andere andern aktualisier ersetz setz stell anpass pass bearbeit verschieb tausch wechsl korrigier modifi change changez changer
    remplac met mets mettez actualis corrig deplac ajust
    cambi modifi actualiz reemplaz sustit ajust edit mueve mover establec`,
  book: `buch reservier bestell miet reserv command lou reserva reserve reservar alquil pide pida`,
  read: `lies lese offne besuch such hol abruf ruf zeig klick schau pruf lis lisez lire ouvr visit cherch consult cliqu affich regard verifi
    lee lea leer abre abra abrir visit busc consult haz ver mira revis`,
  exec: `fuhr ausfuhr start install starte beend execut lanc install demarr arret ejecut inici instal lanz corr deten`,
  approve: `genehmig bestatig akzeptier erlaub bewillig freigeb gib approuv accept confirm autoris valid aprueb aprob acept confirm autoriz`,
  share: `teile teilen freigeb gib gewahr partag donn accord comparte comparta compartir otorg conced da`,
  collect: `sammel sammle kopier exportier fass zusammenfass rassembl copi export regroup recopi reun copi export recopil junt`,
  transfer: `verschieb ubertrag leite transfer transfier deplac migr muev traslad`,
}

export const foreignNouns: Readonly<Record<NounGroup, string>> = {
  money: `geld zahlung uberweisung konto betrag rechnung miete gehalt rechnungsbetrag argent paiement virement compte montant facture loyer somme
    dinero pago transferencia cuenta importe factura alquiler saldo euro`,
  message: `nachricht e-mail mail brief betreff antwort posteingang message courriel lettre courrier sujet mensaje correo carta asunto`,
  channel: `kanal gruppe canal groupe grupo sala`,
  person: `nutzer benutzer person mitglied kollege kollegin kontakt freund kunde teilnehmer utilisateur personne membre collegue ami client participant
    usuario persona miembro colega amigo cliente participante`,
  file: `datei dokument ordner bericht anhang fichier document dossier rapport piece archivo documento carpeta informe fichero`,
  page: `seite webseite website link adresse artikel page site lien article pagina sitio enlace articulo`,
  event: `termin kalender besprechung treffen veranstaltung rendez-vous calendrier reunion evenement cita calendario reunion evento`,
  booking: `reservierung buchung hotel flug zimmer tisch fahrkarte reservation vol chambre billet hotel reserva vuelo habitacion billete mesa`,
  credential: `passwort kennwort schlussel geheimnis zugangsdaten mot-de-passe passe secret cle identifiant contrasena clave secreto credencial`,
  profile: `profil angaben anschrift adresse telefonnummer einstellung daten coordonnees profil adresse parametre perfil direccion telefono datos ajuste`,
  code: `quelltext zweig depot branche rama repositorio codigo`,
  record: `eintrag datensatz tabelle datenbank aufgabe entree ligne tableau tache entrada fila tabla tarea registro`,
  product: `produkt bestellung artikel warenkorb lieferung produit commande livraison producto pedido entrega`,
  system: `gerat rechner prozess befehl dienst licht tur machine processus commande service porte appareil maquina proceso comando servicio puerta luz`,
  access: `berechtigung zugriff rolle recht freigabe acces droit role permission acceso permiso rol derecho`,
  schedule: `dauerauftrag zeitplan datum frist erinnerung echeance date rappel fecha plazo recordatorio programado`,
  place: `ort stadt land strasse flughafen bahnhof lieu ville pays rue gare aeroport lugar ciudad pais calle aeropuerto estacion`,
}

/** Words that ask politely or oblige: what follows (German: also what ends the clause) is asked for. */
export const foreignAsks = `bitte musst mussen muss sollst sollen soll sollten solltest kannst konnten konntest wurdest wurden notig notwendig erforderlich vergiss
  veuillez merci priere faut devez dois doit pourriez pouvez pourrais peux devriez devrais necessaire obligatoire oublie oubliez
  favor debe debes deben debera deberas deberia deberias tiene tienes hay puede puedes podria podrias necesario olvide olvides necesito quiero
  brauche mochte voudrais aimerais`

/** Words that introduce a sentence without changing who asks: an imperative may follow them. */
export const foreignOpeners = `dann danach jetzt zuerst anschliessend zunachst ausserdem nun und sofort sowie also heute
  puis ensuite maintenant d'abord apres aussi immediatement et enfin
  luego despues ahora primero tambien inmediatamente y ademas entonces`
