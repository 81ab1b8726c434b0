/**
 * German, French and Spanish: stems of verbs and nouns, matched at the start of a word (a word of these languages has too many
 * endings to list), and the words by which a sentence asks for something. All folded: no accents, `ß` as `ss`.
 */
import type { NounGroup } from './nouns.js'
import type { VerbGroup } from './verbs.js'

export const foreignVerbs: Readonly<Record<VerbGroup, string>> = {
  pay: `uberweis bezahl zahl begleich erstatt ruckerstatt spend transferi vire virez virer paie paye payez payer regle reglez rembours vers versez
    verser transfer transfier paga pagu pague pagar abon reembols deposit ingres compra compre kauf achet achete
    entricht zahle begleiche uberwies gutschreib schreibgut vergut abon abonn indemnis indemniz liquid gira gire`,
  message: `sende sendet schick verschick schreib antwort mitteil teile benachrichtig informier kontaktier weiterleit leite melde maile mailt nachricht
    envoi envoy ecri ecriv repond informe prevenez previens contact transmet notifi
    envia envie enviar manda mande mandar escrib respond inform notifi contact reenvi
    sag teil richte ubermittl meld erinner frag dis dites prevenir rappel signal demand adress di dile diga comunic avis recuerd pregunt
    text notiz sms courriel texte texto aviso`,
  publish: `veroffentlich poste postet publizier lade hochlad stell publi publie publiez postez poster affich partage mets mettez
    publica publiq publicar sube suba subir colga comparte
    hang stell ver mitteil diffus annonc anunci difund cuelg`,
  create: `erstell leg anleg erzeug fug hinzufug trag eintrag generier cree creez creer ajout redig etabli genere
    crea cree crear anad agreg redact gener
    notier vermerk plan vereinbar registrier speicher schreib verfass leg erfass enregistr planifi programm inscri note prepar ouvr guard registr program planific anot apunt prepar escrib introduc`,
  member: `lad einlad fug hinzufug nimm aufnehm invit ajout inscri invita invite invitar anad agreg inscrib
    ernenn weis zuweis berufe nomm design ajoute nombr design asign incorpor`,
  remove: `losch entfern storn kundig widerruf beseitig tilg vernicht supprim efface retir annul enleve enlevez resili
    elimin borr quita quite cancel anul suprim revoc
    sag absag streich annullier verwirf schliess raum beend sperr ferm annuler desinscri revoqu rejet cierr cerrar retir anul descart rechaz`,
  update: `ander andere andern aktualisier ersetz setz stell anpass pass bearbeit verschieb tausch wechsl korrigier modifi change changez changer
    remplac met mets mettez actualis corrig deplac ajust
    cambi modifi actualiz reemplaz sustit ajust edit mueve mover establec
    erhoh senk verringer reduzier anheb heb aktivier deaktivier umbenenn benenn uberschreib zurucksetz stelle schalt dreh verlanger augment diminu baiss redui regl parametr reinitialis renomm reprogramm prolong activ desactiv fusionn aument subi baj reduc reduzc pon ponga poner establec restablec reinici renombr reprogram activ desactiv fusion pongan`,
  book: `buch reservier bestell miet reserv command lou reserva reserve reservar alquil pide pida
    nimm lease mieten prenez prend retien retenez contrat tome aparta`,
  read: `lies lese offne besuch such hol abruf ruf zeig klick schau pruf lis lisez lire ouvr visit cherch consult cliqu affich regard verifi
    lee lea leer abre abra abrir visit busc consult haz ver mira revis
    prufe liste finde ermittl analysier vergleich trouv list analys compar encuentr list analiz compar obten`,
  exec: `fuhr ausfuhr start install starte beend execut lanc install demarr arret ejecut inici instal lanz corr deten
    offne entriegel verriegel entsperr sperr schalt aktivier deaktivier druck klick offn schliess deverrouill verrouill activ desactiv allum etei ouvr debloqu bloqu ferm appuy desbloque bloque activ desactiv enciend apag abr cierr puls instal reinici`,
  approve: `genehmig bestatig akzeptier erlaub bewillig freigeb gib approuv accept confirm autoris valid aprueb aprob acept confirm autoriz
    nimm lass stimm zustimm billig validez accorde acept valid admit permit`,
  share: `teile teilen freigeb gib gewahr partag donn accord comparte comparta compartir otorg conced da
    freigegeb gibst verleih lass permets permett ouvre abre permit`,
  collect: `sammel sammle kopier exportier fass zusammenfass rassembl copi export regroup recopi reun copi export recopil junt`,
  transfer: `verschieb ubertrag leite transfer transfier deplac migr muev traslad
    verleg schieb uberfuhr leit envoi pass mud pas envi`,
}

export const foreignNouns: Readonly<Record<NounGroup, string>> = {
  money: `geld zahlung uberweisung konto betrag rechnung miete gehalt rechnungsbetrag argent paiement virement compte montant facture loyer somme
    dinero pago transferencia cuenta importe factura alquiler saldo euro
    gehalt preis bonus lohn spesen erstattung beitrag gebuhr salaire prix prime remboursement frais salario precio prima bono reembolso gasto cuota`,
  message: `nachricht e-mail mail brief betreff antwort posteingang message courriel lettre courrier sujet mensaje correo carta asunto`,
  channel: `kanal gruppe canal groupe grupo sala
    klasse raum classe salon clase`,
  person: `nutzer benutzer person mitglied kollege kollegin kontakt freund kunde teilnehmer utilisateur personne membre collegue ami client participant
    usuario persona miembro colega amigo cliente participante
    patient arzt schuler lehrer mitarbeiter gast eltern eleve professeur medecin employe invite patient alumno profesor medico empleado paciente invitado`,
  file: `datei dokument ordner bericht anhang fichier document dossier rapport piece archivo documento carpeta informe fichero
    akte vertrag aufsatz skript contrat redaction contrato redaccion expediente`,
  page: `seite webseite website link adresse artikel page site lien article pagina sitio enlace articulo`,
  event: `termin kalender besprechung treffen veranstaltung rendez-vous calendrier reunion evenement cita calendario reunion evento
    sitzung verabredung unterricht seance cours sesion clase eintrag entree entrada`,
  booking: `reservierung buchung hotel flug zimmer tisch fahrkarte reservation vol chambre billet hotel reserva vuelo habitacion billete mesa
    tisch auto mietwagen unterkunft table voiture hebergement coche auto alojamiento`,
  credential: `passwort kennwort schlussel geheimnis zugangsdaten mot-de-passe passe secret cle identifiant contrasena clave secreto credencial`,
  profile: `profil angaben anschrift adresse telefonnummer einstellung daten coordonnees profil adresse parametre perfil direccion telefono datos ajuste
    lieferadresse note notes`,
  code: `quelltext zweig depot branche rama repositorio codigo
    variable skript script pull`,
  record: `eintrag datensatz tabelle datenbank aufgabe entree ligne tableau tache entrada fila tabla tarea registro
    notiz dosis akte rezept forderung antrag note dose dossier ordonnance demande nota dosis expediente receta solicitud`,
  product: `produkt bestellung artikel warenkorb lieferung produit commande livraison producto pedido entrega
    stuck ware preis unite prix unidad precio`,
  system: `gerat rechner prozess befehl dienst licht tur machine processus commande service porte appareil maquina proceso comando servicio puerta luz
    alarm thermostat tor garage lampe schloss heizung variable alarme serrure lumiere chauffage alarma termostato cerradura calefaccion variable`,
  access: `berechtigung zugriff rolle recht freigabe acces droit role permission acceso permiso rol derecho
    verwalter mainteneur administrateur mantenedor administrador`,
  schedule: `dauerauftrag zeitplan datum frist erinnerung echeance date rappel fecha plazo recordatorio programado
    tag tage woche monat jour semaine mois dia semana mes`,
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
